"""The tasks that match a search as a file, sent while they are read.

No more than a page is in memory at a time, each read in a thread of its own and after the one
before was taken, so that whoever reads slowly costs nothing but a connection. What cannot be read
to its end ends without one, which a browser shows as a failed download: a file that looks whole
is whole.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from umbel.cluster.task import Task
from umbel.query.ast import Node
from umbel.services.cluster_services import ClusterServices
from umbel.services.search.exported_lines import ExportedLines, chosen_columns
from umbel.services.search.task_page import TaskPage
from umbel.store.base import Order
from umbel.web.http.parameters import read
from umbel.web.http.problems import Refusal
from umbel.web.requests import ExportTasks
from umbel.web.thread_pools import ThreadPools

MEDIA: Final = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
#: Tasks that are read at once.
PAGE: Final = 500
#: How long one page may take, seconds.
_BUDGET_S: Final = 1.5
#: How often a page is asked for again that found nothing in its time.
_TRIES: Final = 3
#: A reader who takes nothing for this long is gone, seconds.
_STALLED_S: Final = 60.0
#: In this order nothing moves while it is read.
_ORDER: Final = Order("seen", descending=True)


class ExportEndpoint:
    """The ASGI application of the route `export`."""

    def __init__(self, services: ClusterServices, thread_pools: ThreadPools) -> None:
        self._services = services
        self._pool = thread_pools.search
        self._share = thread_pools.exports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._share.one():
            await self._export(scope, receive, send)

    async def _export(self, scope: Scope, receive: Receive, send: Send) -> None:
        params = read(ExportTasks, scope["query_string"], {})
        try:
            lines = ExportedLines(params.format, chosen_columns(params.columns))
        except ValueError as error:
            raise Refusal("bad-parameter", str(error), parameter="columns") from None
        query = await self._pool.run(partial(self._services.search.parse, params.q, params.tz))
        page = await self._page(query, None)  # what is wrong with the search is said before
        name = time.strftime(f"tasks-%Y%m%d-%H%M%S.{params.format}", time.gmtime())
        headers = [
            (b"content-type", MEDIA[params.format].encode()),
            (b"content-disposition", f'attachment; filename="{name}"'.encode()),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        await _send(send, lines.beginning())
        request = Request(scope, receive)
        tries = 0
        while True:
            await _send(send, await self._pool.run(partial(lines.lines, page.items)))
            if page.next is None and page.complete:
                break
            tries = 0 if page.items else tries + 1
            if page.next is None or tries > _TRIES or await request.is_disconnected():
                return
            page = await self._page(query, page.next)
        await _send(send, lines.end())
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _page(self, query: Node, cursor: str | None) -> TaskPage[Task]:
        return await self._pool.run(
            partial(self._services.search.matching, query, _ORDER, cursor, PAGE, budget_s=_BUDGET_S)
        )


async def _send(send: Send, body: bytes) -> None:
    async with asyncio.timeout(_STALLED_S):
        await send({"type": "http.response.body", "body": body, "more_body": True})
