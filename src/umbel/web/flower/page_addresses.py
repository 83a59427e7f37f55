"""The addresses of Flower's pages, as they stand in runbooks, alerts and chats.

Each leads to the page of ours that shows the same, with its parameters. Redirects are temporary,
so that a browser forgets them with Umbel. `/logout` leads to where one can log out, since no GET
changes anything here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from umbel.errors import QueryError
from umbel.path_parts import path_part
from umbel.query.ast import And, Comparison, Matches, Node
from umbel.query.canonical import canonical
from umbel.query.parse import parse
from umbel.web.flower.listing import SORT_KEYS
from umbel.web.http.path_routes import EncodedSlashRoute

#: Flower's names of filters in addresses of its tasks page and of its API, and our fields.
_FILTERS: Final = {
    "state": "state",
    "worker": "worker",
    "workername": "worker",
    "name": "name",
    "type": "name",
    "taskname": "name",
}
#: What any of these stands in is a filter of Flower's; `q` and `order` are ours.
_OF_FLOWER: Final = frozenset({*_FILTERS, "search", "sort_by"})
_NOTHING: Final = "Umbel has no such file of Flower's.\n"
_NO_TABLE: Final = (
    "This is how Flower's own page asks for its rows, and Umbel's page asks in its own way. "
    "GET /api/tasks lists tasks, with Flower's parameters.\n"
)


def page_addresses(tasks_page: ASGIApp) -> list[BaseRoute]:
    """Routes of Flower's pages that are not ours. `tasks_page` shows the list of tasks."""
    return [
        EncodedSlashRoute("/task/{target:rest}", _to("tasks"), methods=["GET"]),
        EncodedSlashRoute("/worker/{target:rest}", _to("workers"), methods=["GET"]),
        EncodedSlashRoute("/broker", _leading_to("/queues"), methods=["GET"]),
        EncodedSlashRoute("/logout", _leading_to("/login?left#logout"), methods=["GET"]),
        EncodedSlashRoute("/favicon.ico", _leading_to("/favicon.svg"), methods=["GET"]),
        EncodedSlashRoute("/static/favicon.ico", _leading_to("/favicon.svg"), methods=["GET"]),
        EncodedSlashRoute("/static/{target:rest}", _absent(_NOTHING), methods=["GET"]),
        EncodedSlashRoute("/tasks/datatable", _absent(_NO_TABLE), methods=["GET", "POST"]),
        EncodedSlashRoute("/tasks", _Tasks(tasks_page), methods=["GET"]),
    ]


def _to(folder: str) -> Callable[[Request], Awaitable[Response]]:
    """Leads to the page of one task or worker, whose name may hold anything."""

    async def lead(request: Request) -> Response:
        target: str = request.path_params["target"]
        return _redirect(request.scope, f"/{folder}/{path_part(target)}")

    return lead


def _leading_to(address: str) -> Callable[[Request], Awaitable[Response]]:
    async def lead(request: Request) -> Response:
        return _redirect(request.scope, address)

    return lead


def _absent(sentence: str) -> Callable[[Request], Awaitable[Response]]:
    async def tell(_: Request) -> Response:
        return PlainTextResponse(sentence, 404, headers={"Cache-Control": "no-store"})

    return tell


class _Tasks:
    """`/tasks`: with Flower's filters it leads to the search that means the same."""

    def __init__(self, page: ASGIApp) -> None:
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = dict(Request(scope).query_params)
        if "q" in given or "order" in given or not _OF_FLOWER & given.keys():
            await self._page(scope, receive, send)
            return
        search = urlencode(dict(_search(given)))
        await _redirect(scope, f"/tasks?{search}" if search else "/tasks")(scope, receive, send)


def _search(given: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The parameters of our page that mean what Flower's do."""
    nodes: list[Node] = []
    for parameter, field in _FILTERS.items():
        value = given.get(parameter, "").strip()
        if value and value != "All":
            value = value.upper() if field == "state" else value
            nodes.append(Matches(field, Comparison.EQUALS, (value,)))
    words = given.get("search", "").strip()
    if words:
        try:
            nodes.append(parse(words))
        except QueryError:  # the page says what is wrong with it
            yield "q", f"{canonical(And(tuple(nodes)))} {words}".strip()
            nodes = []
    if nodes:
        yield "q", canonical(And(tuple(nodes)))
    order = given.get("sort_by", "")
    if order.removeprefix("-") in SORT_KEYS:
        yield "order", order


def _redirect(scope: Scope, address: str) -> Response:
    """To an address of the same Umbel, or of the same cluster of it."""
    root: str = scope.get("root_path", "")
    return RedirectResponse(f"{root}{address}", 302, headers={"Cache-Control": "no-store"})
