"""How the evaluation of rules goes, as the status tells it."""

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
