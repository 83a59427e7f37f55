"""A search in all clusters of a server: pages of each are merged into one, in order.

Each cluster has a history of its own, which knows nothing of the others. So each is asked for a
whole page, the pages are merged, and what is left over is asked for again with the next one: the
cursor of such a page says for every cluster where to go on. A cluster that does not answer holds
up nobody; the page says so, and the next one asks it again from where it stood.
"""

from __future__ import annotations

import binascii
import heapq
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Final, TypeVar

import msgspec

from umbel.cluster.task import TaskSummary
from umbel.errors import CursorError
from umbel.services.cluster.fleet_diff import Difference
from umbel.services.search.incomplete import Incomplete
from umbel.services.search.rows import TaskRow
from umbel.services.search.search import Completion
from umbel.services.search.task_page import TaskPage
from umbel.store.base import Count, Order

#: Longer texts are no cursor of ours; each cluster has one of up to 4,096 characters.
CURSOR_MAX: Final = 100_000

Row = TypeVar("Row", bound=TaskSummary)


class ClusterTaskRow(TaskRow, frozen=True, kw_only=True):
    """A task in a list, and the `cluster` that it is of, by its name."""

    cluster: str


class NamedCluster(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster of which something is told. `label` is its name for people, `colour` that of its
    header, `path` where its pages are, below the server's own address."""

    name: str
    label: str
    colour: str | None
    path: str


class SearchedCluster(NamedCluster, frozen=True, kw_only=True):
    """A cluster that was searched. `complete` is false when time ran out; everything back to
    `reached` (Unix seconds) was looked at then. `incomplete` is what is missing in the time of its
    rows, null if nothing is; `problem` says why it did not answer, null if it did."""

    complete: bool = True
    reached: float | None = None
    incomplete: Incomplete | None = None
    problem: str | None = None


class CountedCluster(NamedCluster, frozen=True, kw_only=True):
    """How many tasks of a cluster match; null if it did not answer, and then why (`problem`).
    `capped` and `complete` are as in the whole."""

    total: int | None
    capped: bool = False
    complete: bool = True
    problem: str | None = None


class AllTasks(msgspec.Struct, frozen=True, kw_only=True):
    """Tasks of all clusters that match. `next` is the cursor of the next page, null after the last
    one; a page may be empty and not be the last. `sentence` is the query in words, `clusters` are
    those that were searched, `absent` what the query calls a cluster and none of them is."""

    items: tuple[ClusterTaskRow, ...]
    next: str | None
    sentence: str
    clusters: tuple[SearchedCluster, ...]
    absent: tuple[str, ...] = ()


class AllCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many tasks of all clusters match. `capped`: there are more than `total`. `complete` is
    false when time ran out first, or a cluster did not answer: there are at least `total`.
    `groups`: the values of `by`, with their counts, of all clusters that answered."""

    total: int
    capped: bool
    complete: bool
    groups: dict[str, int]
    groups_complete: bool
    clusters: tuple[CountedCluster, ...]


class ComparedCluster(NamedCluster, frozen=True, kw_only=True):
    """A cluster that was compared, by so many `workers` that answered; `problem` says why it could
    not be, null if it could."""

    workers: int = 0
    problem: str | None = None


class AllDiff(msgspec.Struct, frozen=True, kw_only=True):
    """In what clusters differ, as of `at` (Unix seconds): in `differences` each value has the names
    of the clusters whose workers have it; `more` is how many are left out. What most workers of a
    cluster have stands for it, with `(mixed)` where not all do."""

    at: float
    clusters: tuple[ComparedCluster, ...]
    differences: tuple[Difference, ...]
    more: int


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    order: str
    clusters: dict[str, str | None]


def write_cursor(order: str, positions: Mapping[str, str | None]) -> str | None:
    """The cursor of the page that goes on so in each cluster, None for the beginning; those that
    are at their end are left out. None where all are."""
    if not positions:
        return None
    body = msgspec.json.encode(_Cursor(order, dict(positions)))
    return urlsafe_b64encode(body).decode().rstrip("=")


def read_cursor(cursor: str, order: str) -> dict[str, str | None]:
    """What `write_cursor` was given. Raises `CursorError`."""
    try:
        body = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        read = msgspec.json.decode(body, type=_Cursor)
    except (ValueError, binascii.Error, msgspec.MsgspecError) as error:
        raise CursorError(
            "The cursor is not one that this server gave for all clusters.",
            remedy="Begin at the first page.",
        ) from error
    if read.order != order:
        raise CursorError(
            "The cursor belongs to a list in another order.", remedy="Begin at the first page."
        )
    return read.clusters


def merged(
    pages: Mapping[str, Sequence[Row]], order: Order, limit: int
) -> tuple[tuple[str, Row], ...]:
    """The first `limit` tasks of these pages, each with its cluster; of each page the first ones in
    their order, whatever its clock was. Those without a value come last."""
    rows = [[(name, row) for row in page] for name, page in pages.items()]
    in_order = heapq.merge(
        *rows, key=lambda each: _comparable(each[1], order), reverse=order.descending
    )
    return tuple(islice(in_order, limit))


def positions_after(
    begun: Mapping[str, str | None],
    pages: Mapping[str, TaskPage[Row]],
    rows: Sequence[tuple[str, Row]],
) -> tuple[dict[str, str | None], dict[str, int]]:
    """Where to go on in each cluster after these rows of its page, which `begun` there: behind the
    page, if all of it is among them; where it began, if nothing is, or the cluster did not answer;
    those at their end are left out. For the others, of how many rows the end is to be found."""
    taken = Counter(name for name, _ in rows)
    positions: dict[str, str | None] = {}
    again: dict[str, int] = {}
    for name, position in begun.items():
        page = pages.get(name)
        if page is None or (page.items and not taken[name]):
            positions[name] = position
        elif taken[name] < len(page.items):
            again[name] = taken[name]
        elif page.next is not None:
            positions[name] = page.next
    return positions, again


def added_up(counts: Mapping[str, Count], cap: int, clusters: Sequence[CountedCluster]) -> AllCount:
    """The count of all clusters of which there is one, up to `cap`."""
    groups: Counter[str] = Counter()
    for count in counts.values():
        groups.update(count.groups)
    total = sum(count.total for count in counts.values())
    everybody = len(counts) == len(clusters)
    return AllCount(
        total=min(total, cap),
        capped=total > cap or any(count.capped for count in counts.values()),
        complete=everybody and all(count.complete for count in counts.values()),
        groups=dict(groups.most_common()),
        groups_complete=everybody and all(count.groups_complete for count in counts.values()),
        clusters=tuple(clusters),
    )


def completions(found: Iterable[Sequence[Completion]], limit: int) -> tuple[Completion, ...]:
    """What several clusters suggest, each once, with the sum of its counts: what the language has
    first, then the most frequent."""
    by_text: dict[tuple[str, str], Completion] = {}
    for each in (one for some in found for one in some):
        known = by_text.get(key := (each.kind, each.insert))
        if known is not None and known.count is not None and each.count is not None:
            each = msgspec.structs.replace(each, count=known.count + each.count)
        by_text[key] = each
    ranked = sorted(by_text.values(), key=lambda one: (one.count is not None, -(one.count or 0)))
    return tuple(ranked[:limit])


def _comparable(row: TaskSummary, order: Order) -> tuple[int, float, str]:
    value: str | float | None = getattr(row, order.field)
    if value is None:
        return (0 if order.descending else 2, 0.0, "")
    return (1, 0.0, value) if isinstance(value, str) else (1, value, "")
