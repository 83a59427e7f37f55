"""`GET /api/v1/all/...`: tasks of all clusters that a person may look at, searched together.

The same addresses answer within one cluster as well: what may be seen does not depend on where
one asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar

import msgspec
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from umbel.bounded_json import encode_json
from umbel.cluster.task import Task
from umbel.errors import BrokerError, CapabilityMissing, CursorError, StoreError
from umbel.query.describe import describe
from umbel.query.parse import parse
from umbel.services.cluster.fleet_comparison import FleetFacts
from umbel.services.cluster.fleet_diff import DiffKind, compared
from umbel.services.cluster_services import ClusterServices
from umbel.services.search.all_clusters import (
    AllDiff,
    AllTasks,
    ClusterTaskRow,
    ComparedCluster,
    CountedCluster,
    SearchedCluster,
    added_up,
    completions,
    merged,
    positions_after,
    read_cursor,
    write_cursor,
)
from umbel.services.search.outside_terms import absent_clusters
from umbel.services.search.page_bytes import cut_rows
from umbel.services.search.rows import TaskRow
from umbel.services.search.task_page import TaskPage
from umbel.services.time_zones import zone_of
from umbel.store.base import Count, Order
from umbel.web import requests, responses
from umbel.web.authentication import Access
from umbel.web.clusters import visible_clusters
from umbel.web.http.endpoint import accepts_gzip, json_response
from umbel.web.http.parameters import read
from umbel.web.http.problems import Refusal
from umbel.web.shared_read import ClusterReads

T = TypeVar("T")

#: How long a cluster whose workers are asked is waited for, seconds.
QUESTIONS_S: Final = 15.0
#: Errors of who asks, and not of one cluster.
_OF_WHO_ASKS: Final = (CursorError, CapabilityMissing)


class AllClusters:
    """The clusters of a server, read together. On the event loop."""

    def __init__(
        self, clusters: Mapping[str, ClusterServices], accesses: Mapping[str, Access]
    ) -> None:
        self._clusters = clusters
        self._accesses = accesses
        self._reads = {name: ClusterReads(name) for name in clusters}
        self._questions = {name: ClusterReads(name, wait_s=QUESTIONS_S) for name in clusters}

    async def visible(self, scope: Scope) -> list[ClusterServices]:
        """Those that whoever asks may look at, in the order of the settings."""
        found = await visible_clusters(scope, self._clusters, self._accesses)
        return [services for services, _ in found]

    def named(self, services: ClusterServices) -> dict[str, Any]:
        """What every answer says of a cluster: see `NamedCluster`."""
        return {
            "name": services.name,
            "label": services.label or services.name,
            "colour": services.colour,
            "path": "" if len(self._clusters) == 1 else f"c/{services.name}/",
        }

    async def ask(
        self, calls: Mapping[str, Callable[[], T]], *, may_fail: bool = False, slow: bool = False
    ) -> dict[str, T | StoreError]:
        """What each call gives, by the name of its cluster. Raises what is wrong for all, unless
        all of them `may_fail`. Those that ask workers are `slow`."""
        reads = self._questions if slow else self._reads
        answers = await asyncio.gather(*(reads[name].attempt(call) for name, call in calls.items()))
        found = dict(zip(calls, answers, strict=True))
        errors = [each for each in found.values() if isinstance(each, StoreError)]
        for error in errors:
            if isinstance(error, _OF_WHO_ASKS) or (len(errors) == len(found) and not may_fail):
                raise error
        return found


class AllTasksEndpoint:
    """`GET /api/v1/all/tasks`."""

    def __init__(self, clusters: AllClusters) -> None:
        self._clusters = clusters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        params = read(requests.ListAllTasks, scope["query_string"], {})
        query = parse(params.q, zone_of(params.tz))
        order = Order(params.order.removeprefix("-"), params.order.startswith("-"))
        visible = await self._clusters.visible(scope)
        begun = _begun(params, visible)
        searched = {each.name: each for each in visible if each.name in begun}
        found = await self._clusters.ask(
            {name: partial(_rows, each, params, begun[name]) for name, each in searched.items()}
        )
        pages = _answered(found)
        merged_rows = merged(
            {name: each.items for name, each in pages.items()}, order, params.limit
        )
        positions, again = positions_after(begun, pages, merged_rows)
        positions |= await self._ends_of(searched, params, begun, again)
        answer = AllTasks(
            items=cut_rows([_of_cluster(name, row) for name, row in merged_rows]),
            next=write_cursor(params.order, positions),
            sentence=describe(query, zone_of(params.tz)),
            clusters=tuple(self._searched(each, found.get(each.name)) for each in visible),
            absent=absent_clusters(query, _names_of(visible)),
        )
        await _send(answer, scope, receive, send)

    async def _ends_of(
        self,
        searched: Mapping[str, ClusterServices],
        params: requests.ListAllTasks,
        begun: Mapping[str, str | None],
        taken: Mapping[str, int],
    ) -> dict[str, str | None]:
        """Where pages of so many rows end; where a cluster no longer answers, where they began, so
        that rows may come twice and none is left out."""
        found = await self._clusters.ask(
            {
                name: partial(_page, searched[name], params, begun[name], count)
                for name, count in taken.items()
            },
            may_fail=True,
        )
        return {
            name: begun[name] if isinstance(each, StoreError) else each.next
            for name, each in found.items()
        }

    def _searched(
        self, services: ClusterServices, found: TaskPage[TaskRow] | StoreError | None
    ) -> SearchedCluster:
        searched = SearchedCluster(**self._clusters.named(services))
        if isinstance(found, StoreError):
            return msgspec.structs.replace(searched, complete=False, problem=str(found))
        if found is None:
            return searched
        return msgspec.structs.replace(
            searched, complete=found.complete, reached=found.reached, incomplete=found.incomplete
        )


class AllCountEndpoint:
    """`GET /api/v1/all/tasks/count`."""

    def __init__(self, clusters: AllClusters) -> None:
        self._clusters = clusters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        params = read(requests.CountTasks, scope["query_string"], {})
        parse(params.q, zone_of(params.tz))
        visible = await self._clusters.visible(scope)
        found = await self._clusters.ask(
            {each.name: partial(_count, each, params) for each in visible}
        )
        counted = [self._counted(each, found[each.name]) for each in visible]
        await _send(added_up(_answered(found), params.cap, counted), scope, receive, send)

    def _counted(self, services: ClusterServices, found: Count | StoreError) -> CountedCluster:
        named = self._clusters.named(services)
        if isinstance(found, StoreError):
            return CountedCluster(**named, total=None, complete=False, problem=str(found))
        return CountedCluster(
            **named, total=found.total, capped=found.capped, complete=found.complete
        )


class AllSuggestEndpoint:
    """`GET /api/v1/all/suggest`."""

    def __init__(self, clusters: AllClusters) -> None:
        self._clusters = clusters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        params = read(requests.Suggest, scope["query_string"], {})
        caret = len(params.q) if params.at is None else min(params.at, len(params.q))
        visible = await self._clusters.visible(scope)
        found = await self._clusters.ask(
            {
                each.name: partial(each.search.suggest, params.q, caret, params.limit)
                for each in visible
            }
        )
        items = completions(_answered(found).values(), params.limit)
        await _send(responses.Completions(items), scope, receive, send)


class AllDiffEndpoint:
    """`GET /api/v1/all/diff`."""

    def __init__(self, clusters: AllClusters) -> None:
        self._clusters = clusters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        params = read(requests.CompareClusters, scope["query_string"], {})
        wanted = None if params.clusters is None else params.clusters.split(",")
        visible = await self._clusters.visible(scope)
        if unknown := {*(wanted or ())} - {each.name for each in visible}:
            raise Refusal(
                "bad-parameter",
                f"There is no cluster {sorted(unknown)[0]} that you may look at.",
                parameter="clusters",
            )
        chosen = [each for each in visible if wanted is None or each.name in wanted]
        found = await self._clusters.ask(
            {each.name: partial(_fleet, each) for each in chosen}, may_fail=True, slow=True
        )
        usable = {
            name: each
            for name, each in found.items()
            if isinstance(each, FleetFacts) and each.workers > 0
        }
        kinds = frozenset[DiffKind]()
        if len(usable) > 1:
            kinds = frozenset.intersection(*(each.kinds for each in usable.values()))
        at = max((each.clock.now() for each in chosen), default=0.0)
        diff = compared({name: each.facts for name, each in usable.items()}, at, kinds)
        answer = AllDiff(
            at=at,
            clusters=tuple(self._compared(each, found[each.name]) for each in chosen),
            differences=diff.differences,
            more=diff.more,
        )
        await _send(answer, scope, receive, send)

    def _compared(
        self, services: ClusterServices, found: FleetFacts | str | StoreError
    ) -> ComparedCluster:
        named = self._clusters.named(services)
        if isinstance(found, FleetFacts) and found.workers > 0:
            return ComparedCluster(**named, workers=found.workers)
        none = "No worker of it is online and answered."
        return ComparedCluster(
            **named, problem=none if isinstance(found, FleetFacts) else str(found)
        )


#: The endpoints by the names of their routes.
ALL_ENDPOINTS: Final[Mapping[str, Callable[[AllClusters], ASGIApp]]] = {
    "all-tasks": AllTasksEndpoint,
    "all-count": AllCountEndpoint,
    "all-suggest": AllSuggestEndpoint,
    "all-diff": AllDiffEndpoint,
}


def _names_of(visible: Sequence[ClusterServices]) -> list[str]:
    return [name for each in visible for name in (each.name, each.label) if name]


def _begun(
    params: requests.ListAllTasks, visible: Sequence[ClusterServices]
) -> Mapping[str, str | None]:
    """Where the page begins in each cluster that has more."""
    if params.cursor is not None:
        return read_cursor(params.cursor, params.order)
    return {services.name: None for services in visible}


def _page(
    services: ClusterServices, params: requests.ListAllTasks, cursor: str | None, limit: int
) -> TaskPage[Task]:
    return services.search.page(params.q, params.order, cursor, limit, tz=params.tz)


def _rows(
    services: ClusterServices, params: requests.ListAllTasks, cursor: str | None
) -> TaskPage[TaskRow]:
    found = _page(services, params, cursor, params.limit)
    given = {name: getattr(found, name) for name in found.__struct_fields__}
    return TaskPage(**given | {"items": services.intents.rows(found.items)})


def _count(services: ClusterServices, params: requests.CountTasks) -> Count:
    return services.search.count(params.q, by=params.by, cap=params.cap, tz=params.tz)


def _fleet(services: ClusterServices) -> FleetFacts | str:
    """What its workers have, or why they could not be asked."""
    try:
        return services.fleet_comparison.fleet()
    except BrokerError as error:
        return str(error)


def _of_cluster(name: str, row: TaskRow) -> ClusterTaskRow:
    given = {each: getattr(row, each) for each in row.__struct_fields__}
    return ClusterTaskRow(**given, cluster=name)


def _answered(found: Mapping[str, T | StoreError]) -> dict[str, T]:
    return {name: each for name, each in found.items() if not isinstance(each, StoreError)}


async def _send(answer: msgspec.Struct, scope: Scope, receive: Receive, send: Send) -> None:
    zipped = accepts_gzip(Request(scope, receive))
    await json_response(encode_json(answer), zipped=zipped)(scope, receive, send)
