"""How a server samples queues and workers, for its status."""

from __future__ import annotations

import msgspec


class Sampling(msgspec.Struct, frozen=True, kw_only=True):
    """How this server samples: every `period_s`, the last time at `at` (Unix seconds; None: not
    yet, or `elsewhere`: another server does), in `took_s`. `trouble` is why not."""

    period_s: float
    at: float | None = None
    took_s: float | None = None
    elsewhere: bool = False
    queues: int = 0
    workers: int = 0
    trouble: str | None = None
