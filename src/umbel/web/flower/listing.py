"""`GET /api/tasks` and `GET /api/task/info/ID`: tasks of the history.

Flower's list has no pages: without a limit it is everything. So tasks are taken from the
store a page at a time and sent as they come, and the memory is that of one page.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Final, NamedTuple

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from umbel.cluster.task import Task
from umbel.errors import QueryError
from umbel.query.ast import And, Comparison, During, Matches, Moment, Node
from umbel.services.cluster_services import ClusterServices
from umbel.store.base import NEWEST_FIRST, Order, Page, Store
from umbel.web.flower.arguments import FlowerRequest
from umbel.web.flower.refusal import FlowerRefusal
from umbel.web.flower.responses import JSON, encode
from umbel.web.flower.rows import task_row
from umbel.web.long_requests import ResultWaiter
from umbel.web.thread_pools import Share, ThreadPool

#: The most tasks that one answer has; Flower keeps no more by default.
LISTED_MAX: Final = 100_000
#: How many tasks are taken from the store at once, at first and at most, and how many bytes an
#: answer's part has, about.
_FIRST, _PAGE = 5, 200
_PART_BYTES: Final = 1024 * 1024
#: Lists up to this size are made whole and count nowhere, bytes.
_SHORT_BYTES: Final = 256 * 1024
#: How many children the tasks of one page are told with.
_CHILDREN_MAX: Final = 10_000
_BUDGET_S: Final = 2.0
SORT_KEYS: Final = ("name", "received", "runtime", "started", "state", "worker")
_DATE: Final = "%Y-%m-%d %H:%M"
#: What Flower's pages send for no filter.
_ANY: Final = "All"


async def list_tasks(
    services: ClusterServices, params: FlowerRequest, waiter: ResultWaiter
) -> Response:
    """`{id: task}` of those that fit, in order."""
    thread_pool = waiter.thread_pools.search
    try:
        parts = await thread_pool.run(partial(_begin, services, params))
    except QueryError as error:
        return Response(encode({"error": str(error)}), HTTPStatus.BAD_REQUEST, media_type=JSON)
    first = bytearray()  # what is wrong shows before the answer begins
    while len(first) < _SHORT_BYTES:
        part = await _next(thread_pool, parts, continues=bool(first))
        if part is None:
            headers = {"Cache-Control": "no-store"}
            return Response(b"{%b}" % bytes(first), media_type=JSON, headers=headers)
        first += part
    return _TaskListResponse(_stream(thread_pool, bytes(first), parts), waiter.thread_pools.lists)


class _TaskListResponse(StreamingResponse):
    """A long list, which is counted while it is on its way."""

    def __init__(self, content: AsyncIterator[bytes], lists: Share) -> None:
        super().__init__(content, media_type=JSON, headers={"Cache-Control": "no-store"})
        self._lists = lists

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._lists.one():
            await super().__call__(scope, receive, send)


def task_info(services: ClusterServices, params: FlowerRequest) -> object:
    """One task with everything."""
    task = services.store.task(params.target)
    if task is None:
        raise FlowerRefusal(HTTPStatus.NOT_FOUND, f"Unknown task '{params.target}'")
    return task_row(task, _children(services.store, [task]).get(task.uuid, ()))


def _begin(services: ClusterServices, params: FlowerRequest) -> Iterator[bytes]:
    """The parts of the answer. Reads arguments, which may be many, so it is done in a thread."""
    query = _query(services, params)
    limit = params.whole("limit")
    most = LISTED_MAX if limit is None else min(max(0, limit), LISTED_MAX)
    return _parts(services, query, _order(params), max(0, params.whole("offset", 0) or 0), most)


def _query(services: ClusterServices, params: FlowerRequest) -> Node:
    nodes: list[Node] = []
    for name, field in (("workername", "worker"), ("taskname", "name"), ("state", "state")):
        value = params.text(name)
        if value and value != _ANY:
            exact = value.upper() if field == "state" else value
            nodes.append(Matches(field, Comparison.EQUALS, (exact,)))
    for field in ("received", "started"):
        low, high = _date(params, f"{field}_start"), _date(params, f"{field}_end")
        if low is not None or high is not None:
            until = None if high is None else Moment(math.nextafter(high, math.inf))
            nodes.append(During(field, None if low is None else Moment(low), until))
    nodes.append(services.search.parse(params.text("search") or ""))
    return nodes[0] if len(nodes) == 1 else And(tuple(nodes))


def _date(params: FlowerRequest, name: str) -> float | None:
    """Local time, as Flower has it."""
    value = params.text(name)
    if not value:
        return None
    try:
        return datetime.strptime(value, _DATE).timestamp()  # noqa: DTZ007
    except (ValueError, OverflowError, OSError):
        raise FlowerRefusal(
            HTTPStatus.BAD_REQUEST, f"Invalid {name}, expected format 'YYYY-MM-DD HH:MM'"
        ) from None


def _order(params: FlowerRequest) -> Order:
    given = params.text("sort_by")
    if not given:
        return NEWEST_FIRST
    key = given.lstrip("-")
    if key not in SORT_KEYS:
        raise FlowerRefusal(
            HTTPStatus.BAD_REQUEST,
            f"Invalid sort_by '{given[:200]}', expected one of {', '.join(SORT_KEYS)}",
        )
    return Order(key, given.startswith("-"))


def _parts(
    services: ClusterServices, query: Node, order: Order, offset: int, most: int
) -> Iterator[bytes]:
    """Members of the object, a page at a time, each but the first with a comma before it;
    empty for a page that is left out, so that whoever reads can stop between."""
    now, comma, limit = services.clock.now(), b"", _FIRST
    params = partial(services.store.search, query, now=now, order=order, budget_s=_BUDGET_S)
    page = _Part(None, 0, 0, b"")
    while most > 0:
        page = _part(services.store, partial(params, cursor=page.cursor), limit, offset, most)
        offset = max(0, offset - page.found)
        most -= page.answered
        yield comma + page.members if page.answered else b""
        if page.answered:
            comma = b","
            limit = max(1, min(_PAGE, _PART_BYTES * page.answered // len(page.members)))
        if page.cursor is None:
            return


class _Part(NamedTuple):
    """Some members of the answer: how many tasks were found and told for them, and the cursor
    after them."""

    cursor: str | None
    found: int
    answered: int
    members: bytes


def _part(store: Store, search: Callable[..., Page], limit: int, offset: int, most: int) -> _Part:
    page = search(limit=min(_PAGE if offset else limit, offset + most))
    answered = page.items[offset : offset + most]
    members = b",".join(_members(store, answered)) if answered else b""
    return _Part(page.cursor, len(page.items), len(answered), members)


def _members(store: Store, tasks: Sequence[Task]) -> Iterator[bytes]:
    children = _children(store, tasks)
    # Lists leave the traceback out; few tasks have one.
    failed = store.tasks(task.uuid for task in tasks if task.exception is not None)
    for task in tasks:
        whole = failed.get(task.uuid)
        traceback = whole.traceback if whole is not None else None
        row = task_row(task, children.get(task.uuid, ()), traceback)
        yield encode(task.uuid) + b":" + encode(row)


def _children(store: Store, tasks: Sequence[Task]) -> Mapping[str, list[str]]:
    """Ids of the tasks that these sent, by the id of the sender, oldest first."""
    sent_by = Matches("parent", Comparison.EQUALS, tuple(task.uuid for task in tasks))
    oldest_first = Order("seen", descending=False)
    found: dict[str, list[str]] = defaultdict(list)
    cursor: str | None = None
    for _ in range(0, _CHILDREN_MAX, _PAGE):
        page = store.search(sent_by, now=0.0, order=oldest_first, cursor=cursor, limit=_PAGE)
        for child in page.items:
            found[child.parent_id or ""].append(child.uuid)
        cursor = page.cursor
        if cursor is None:
            break
    return found


async def _next(
    thread_pool: ThreadPool, parts: Iterator[bytes], *, continues: bool
) -> bytes | None:
    return await thread_pool.run(partial(next, parts, None), continues=continues)


async def _stream(
    thread_pool: ThreadPool, part: bytes | None, rest: Iterator[bytes]
) -> AsyncIterator[bytes]:
    yield b"{"
    while part is not None:
        yield part
        part = await _next(thread_pool, rest, continues=True)
    yield b"}"
