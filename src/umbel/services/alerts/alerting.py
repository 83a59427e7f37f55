"""How the evaluation of rules goes, as the status tells it, and what the bell tells."""

from __future__ import annotations

import msgspec


class Alerting(msgspec.Struct, frozen=True, kw_only=True):
    """Rules are judged every `every_s` seconds, the last time at `at` (Unix seconds; null: not yet,
    or `elsewhere`: another server does), in `took_s`. Of `rules` there was no time for `left`.
    `firing` alerts are open, and `waiting` messages are not delivered yet. `trouble` is why rules
    are not judged."""

    every_s: float
    at: float | None = None
    took_s: float | None = None
    elsewhere: bool = False
    rules: int = 0
    left: int = 0
    firing: int = 0
    waiting: int = 0
    trouble: str | None = None


class Firing(msgspec.Struct, frozen=True, kw_only=True):
    """How many alerts fire, counted up to `store.alerts.FIRING_COUNTED`. Until `silent_until` (Unix
    seconds; null: it is not so) a silence of everything holds, so nobody is sent anything."""

    count: int
    silent_until: float | None = None
