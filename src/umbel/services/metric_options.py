"""What metrics tell of a cluster, as settings say."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

#: What tells counts apart, under the name that it has in the settings.
Label = Literal["worker", "task", "queue", "exception"]
#: For how long a worker that is offline is told of as 0, seconds: alerts wait a quarter of an hour.
OFFLINE_S: Final = 1_200.0


class MetricOptions(msgspec.Struct, frozen=True):
    """`without` are labels that are left out: what they told apart is one. `offline_s`: for how
    long a worker that is offline is told of as 0."""

    without: frozenset[str] = frozenset()
    offline_s: float = OFFLINE_S
