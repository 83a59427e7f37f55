"""What can be measured, and by what tasks can be grouped: each word once."""

from __future__ import annotations

from typing import Final, Literal, get_args

Measure = Literal["count", "runtime", "wait"]
#: Fields of a task that `Store.count` and `Store.series` can group by.
Grouping = Literal["state", "name", "worker", "queue"]
GROUPINGS: Final[tuple[Grouping, ...]] = get_args(Grouping)
#: The most groups that a series gives.
TOP_MAX: Final = 50
