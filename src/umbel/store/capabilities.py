"""What a store can sort, group and chart tasks by: all the words there are, once, and which of
them one store has.

The HTTP API, its document, the commands and the browser's types offer all words; a store that has
fewer says so, with those that it has.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

import msgspec

from umbel.errors import CapabilityMissing
from umbel.query.ast import Node
from umbel.query.fields import fields_used
from umbel.query.orders import ORDERS

Measure = Literal["count", "runtime", "wait"]
#: What `Store.series` can measure.
MEASURES: Final[tuple[Measure, ...]] = get_args(Measure)
#: Fields of a task that `Store.count` and `Store.series` can group by.
Grouping = Literal["state", "name", "worker", "queue", "error"]
GROUPINGS: Final[tuple[Grouping, ...]] = get_args(Grouping)
#: The most groups that a series gives.
TOP_MAX: Final = 50


class SeriesCapabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What can be charted: which measures, by which fields in groups, and of searches over which
    fields (None: over any)."""

    measures: tuple[Measure, ...] = MEASURES
    groupings: tuple[Grouping, ...] = GROUPINGS
    fields: tuple[str, ...] | None = None


class StoreCapabilities(msgspec.Struct, frozen=True, kw_only=True):
    """By which fields a store counts tasks in groups, and sorts them (`seen` is always among
    `orders`), and what it charts. Unless said otherwise, everything."""

    groupings: tuple[Grouping, ...] = GROUPINGS
    orders: tuple[str, ...] = ORDERS
    series: SeriesCapabilities = SeriesCapabilities()

    def check_order(self, field: str) -> None:
        """Raise `CapabilityMissing` if tasks are not sorted by this field."""
        _check("order", "sort by", field, self.orders)

    def check_grouping(self, by: str | None) -> None:
        """Raise `CapabilityMissing` if tasks are not counted by this field."""
        if by is not None:
            _check("by", "group by", by, self.groupings)

    def check_series(self, query: Node, measure: str, by: str | None) -> None:
        """Raise `CapabilityMissing` if this is not charted."""
        _check("measure", "chart", measure, self.series.measures)
        if by is not None:
            _check("by", "group a chart by", by, self.series.groupings)
        for field in fields_used(query) if self.series.fields is not None else ():
            what = "free text" if field == "words" else field
            _check("q", "chart searches over", what, self.series.fields or ())


def _check(parameter: str, what: str, word: str, offered: tuple[str, ...]) -> None:
    if word not in offered:
        raise CapabilityMissing(
            f"This store cannot {what} {word}.",
            remedy=f"It can {what} {' or '.join(offered)}." if offered else "",
            parameter=parameter,
        )
