"""Search: a text in, what it finds out. The same for the API, the CLI and the browser.

Every method blocks, may be called from any thread, and raises `QueryError` for a text that
cannot be understood, `ZoneUnknown` for a time zone that there is not, and `StoreError` when the
store cannot be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from umbel.clock import Clock
from umbel.cluster.task import Task
from umbel.query.ast import Node
from umbel.query.canonical import canonical
from umbel.query.describe import describe
from umbel.query.match import compile_query
from umbel.query.parse import Chip, chips, parse
from umbel.query.suggest import Context, Lookup, complete
from umbel.services.search.incomplete import (
    Incomplete,
    Span,
    both,
    incomplete,
    span_of_page,
    span_of_query,
)
from umbel.services.search.outside_terms import OutsideTerms
from umbel.services.search.series_answers import SeriesAnswer, series_answer
from umbel.services.search.task_page import TaskPage
from umbel.services.time_zones import zone_of
from umbel.store.base import Count, Order, Store
from umbel.store.capabilities import Grouping, Measure
from umbel.store.ledger import Ledger

#: How long a search may take from when it was asked, seconds; what was found until then is
#: given, and said to be partial.
BUDGET_S: Final = 1.5
#: How long it may look at least, however long it had to wait for its turn, seconds.
SEARCH_MIN_S: Final = 0.2
#: How many buckets a series has unless a width is asked for, and how many at most.
BUCKETS: Final = 120
BUCKETS_MAX: Final = 2_000
#: How many at most where tasks are grouped: each of so many groups has them.
BUCKETS_MAX_GROUPED: Final = 500
#: The lengths of bucket that fit, seconds: a store has sums of tens of minutes and hours.
BUCKET_STEPS_S: Final = (
    60.0, 120.0, 300.0, 600.0, 1_200.0, 1_800.0, 3_600.0, 7_200.0, 10_800.0, 21_600.0, 43_200.0,
    86_400.0, 604_800.0,
)  # fmt: skip
#: The narrowest bucket, seconds.
BUCKET_MIN_S: Final = 60.0


_ALL_TIME: Final = Span()


class QueryReading(msgspec.Struct, frozen=True, kw_only=True):
    """What a text means: in words, in its shortest writing, and in parts that can be taken
    out alone, each with its place in the text (offsets in characters)."""

    sentence: str
    canonical: str
    chips: tuple[Chip, ...]


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """Something that could stand in [start, end) of the text: what to show, what to write
    there, what it is, how many tasks have it, and a sentence of help."""

    label: str
    insert: str
    kind: Literal["field", "value", "operator"]
    start: int
    end: int
    count: int | None
    help: str | None


class Search:
    """Asks the store in the query language, and `ledger` for what was done to tasks. The cluster
    is called `cluster_names`."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ledger: Ledger | None = None,
        cluster_names: tuple[str, ...] = (),
    ) -> None:
        self._store = store
        self._clock = clock
        self._resolved = OutsideTerms(ledger, cluster_names).resolved

    def parse(self, text: str, tz: str = "UTC") -> Node:
        """What the text means, with what no history knows in its place; times without an
        offset are in the zone `tz`."""
        return self._resolved(parse(text, zone_of(tz)))

    def read(self, text: str, tz: str = "UTC") -> QueryReading:
        """What the text means, for people."""
        zone = zone_of(tz)
        query = parse(text, zone)
        sentence = describe(query, zone)
        return QueryReading(sentence=sentence, canonical=canonical(query), chips=chips(text))

    def page(
        self, text: str, order: str, cursor: str | None, limit: int, *,
        tz: str = "UTC", waited_s: float = 0.0,
    ) -> TaskPage[Task]:  # fmt: skip
        """One page; `order` is one of `query.orders.ORDERS`, with "-" for descending. It was
        asked `waited_s` ago."""
        query = parse(text, zone_of(tz))
        by = Order(order.removeprefix("-"), order.startswith("-"))
        return self.matching(query, by, cursor, limit, tz=tz, budget_s=_left_s(waited_s))

    def matching(
        self, query: Node, order: Order, cursor: str | None, limit: int, *,
        tz: str = "UTC", budget_s: float,
    ) -> TaskPage[Task]:  # fmt: skip
        """One page of a query that was parsed already."""
        self._store.note_look()
        seq = self._store.seq()
        page = self._store.search(
            self._resolved(query),
            now=self._clock.now(),
            order=order,
            cursor=cursor,
            limit=limit,
            budget_s=budget_s,
        )
        span = span_of_page(
            page.items,
            order.field,
            is_first=cursor is None,
            is_last=page.cursor is None,
            descending=order.descending,
        )
        return TaskPage(
            items=page.items,
            next=page.cursor,
            complete=page.complete,
            reached=page.reached,
            sentence=describe(query, zone_of(tz)),
            seq=seq,
            incomplete=self._incomplete(query, span),
        )

    def by_ids(self, ids: Sequence[str], text: str, tz: str = "UTC") -> TaskPage[Task]:
        """Those tasks that are known and match, in the order of `ids`."""
        zone = zone_of(tz)
        query = parse(text, zone)
        matches = compile_query(self._resolved(query), self._clock.now())
        seq = self._store.seq()
        found = self._store.tasks(ids)
        tasks = tuple(found[uuid] for uuid in ids if uuid in found and matches(found[uuid]))
        return TaskPage(
            items=tasks,
            next=None,
            complete=True,
            reached=None,
            sentence=describe(query, zone),
            seq=seq,
            incomplete=None,
        )

    def count(
        self, text: str, *, by: Grouping | None, cap: int, tz: str = "UTC", waited_s: float = 0.0
    ) -> Count:
        """How many match, up to `cap`. It was asked `waited_s` ago."""
        self._store.note_look()
        return self._store.count(
            self.parse(text, tz), now=self._clock.now(), by=by, cap=cap, budget_s=_left_s(waited_s)
        )

    def incomplete(self, text: str, span: Span = _ALL_TIME, tz: str = "UTC") -> Incomplete | None:
        """What is missing in the time that the text asks for, within the span."""
        return self._incomplete(self.parse(text, tz), span)

    def _incomplete(self, query: Node, span: Span) -> Incomplete | None:
        now = self._clock.now()
        return incomplete(self._store, both(span_of_query(query, now), span), now)

    def series(
        self, text: str, *, measure: Measure, start: float, end: float, bucket_s: float | None,
        by: Grouping | None = None, top: int = 10, tz: str = "UTC", waited_s: float = 0.0,
    ) -> SeriesAnswer:  # fmt: skip
        """A measure over time; see `series_of`. It was asked `waited_s` ago."""
        return self.series_of(
            parse(text, zone_of(tz)), measure=measure, start=start, end=end, bucket_s=bucket_s,
            by=by, top=top, budget_s=_left_s(waited_s),
        )  # fmt: skip

    def series_of(
        self, query: Node, *, measure: Measure, start: float, end: float, bucket_s: float | None,
        by: Grouping | None, top: int, budget_s: float,
    ) -> SeriesAnswer:  # fmt: skip
        """A measure of the tasks that match a query, from `start` to `end` (Unix seconds), in
        buckets of `bucket_s` or more; None is what fits. With `by` also of the `top` groups."""
        series = self._store.series(
            self._resolved(query),
            now=self._clock.now(),
            measure=measure,
            start=start,
            end=end,
            bucket_s=bucket_length(bucket_s, end - start, by),
            by=by,
            top=top,
            budget_s=budget_s,
        )
        return series_answer(series, measure, self._incomplete(query, Span(start, end)))

    def suggest(self, text: str, caret: int, limit: int) -> tuple[Completion, ...]:
        """What could be written at the caret: what the language has, then what the store
        has seen, most frequent first."""
        context = complete(text, caret)
        offered = [
            Completion(
                label=each.label,
                insert=each.insert,
                kind=each.kind,
                start=context.start,
                end=context.end,
                count=None,
                help=each.help,
            )
            for each in context.candidates[:limit]
        ]
        for lookup in context.lookups:
            if len(offered) < limit:
                offered += self._seen(context, lookup, limit - len(offered))
        return tuple(offered)

    def _seen(self, context: Context, lookup: Lookup, limit: int) -> list[Completion]:
        return [
            Completion(
                label=lookup.label(seen.value),
                insert=lookup.insertion(seen.value),
                kind="field" if lookup.field == "key" else "value",
                start=context.start,
                end=context.end,
                count=seen.count,
                help=None,
            )
            for seen in self._store.suggest(lookup.field, lookup.prefix, limit)
        ]


def bucket_length(bucket_s: float | None, span_s: float, by: Grouping | None) -> float:
    """The length of buckets for a span of `span_s` seconds where `bucket_s` is asked for, or
    None for what fits: so that there are not more than anybody can draw."""
    if bucket_s is None:
        fits = span_s / BUCKETS
        return next((step_s for step_s in BUCKET_STEPS_S if step_s >= fits), fits)
    most = BUCKETS_MAX if by is None else BUCKETS_MAX_GROUPED
    return max(BUCKET_MIN_S, span_s / most, bucket_s)


def _left_s(waited_s: float) -> float:
    """How long a search may still look that was asked so long ago."""
    return max(SEARCH_MIN_S, BUDGET_S - waited_s)
