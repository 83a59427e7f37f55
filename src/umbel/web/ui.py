"""The built browser application.

The path of a page shows `index.html`, so that a link into the application works, and so does
a task's whatever its id; its `<base href>` is set to where the server lives,
or the cluster among several. A path that
is neither a page's nor a file's shows it too, and is a 404: the page says that nothing is
there. A page's head names the files of that page beside those of all (`Manifest`). What the build
named by its content (`assets/`) is kept by browsers for
good, the rest is asked for again with its ETag. Files are read once, compressed once, and
read again when they change on disk.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from umbel.services.cluster_services import ClusterServices
from umbel.services.clusters import label_of
from umbel.web.authorization import is_let_in
from umbel.web.cluster_addresses import cluster_of
from umbel.web.http.endpoint import accepts_gzip
from umbel.web.http.problems import Refusal
from umbel.web.http.scopes import path_of
from umbel.web.routes import API_ROOT, ROUTES
from umbel.web.thread_pools import ThreadPool
from umbel.web.ui_pages import ENTRY, MANIFEST, Manifest, modules_at

#: Where the build of `ui/` lands.
BUILT: Final = Path(__file__).parent / "static"

_BASE: Final = re.compile(r"<base\s[^>]*>", re.IGNORECASE)
#: The page that is shown without a login.
LOGIN_PAGE: Final = "login.html"
#: `name-HASH.js`. Asked of names of files that are there, which are short.
_HASHED: Final = re.compile(r"[^/]+[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+")
#: The longest path of a file of the build.
_PATH_MAX: Final = 200
_COMPRESSED: Final = frozenset({".js", ".css", ".html", ".svg", ".json", ".txt", ".map"})
_TYPES: Final = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
_NOT_BUILT: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Umbel</title></head>
<body><h1>Umbel runs, but its pages were not built</h1>
<p>The API answers at <a href="{prefix}/api/v1/status">{prefix}/api/v1/status</a>.</p>
<p>In a checkout, <code>make ui</code> builds the pages; then load this page again. An
installed package has them; if yours does not, please report it.</p></body></html>
"""


class File(msgspec.Struct, frozen=True):
    """One file as it is sent."""

    changed_ns: int
    body: bytes
    zipped: bytes | None
    etag: str
    media_type: str


class Ui:
    """The ASGI application that serves the build in `folder`. Pages say in `<meta>` which of the
    `clusters` they are of, by name where there are several, with its label and colour; and which
    columns the list of tasks has at first."""

    def __init__(
        self,
        thread_pool: ThreadPool,
        folder: Path = BUILT,
        *,
        clusters: Mapping[str, ClusterServices],
        tasks_columns: tuple[str, ...] = (),
    ) -> None:
        self._clusters = clusters
        self._tasks_columns = tasks_columns
        self._folder = folder.resolve()
        self._thread_pool = thread_pool
        self._files: dict[Path, File] = {}
        self._manifest: tuple[File, Manifest] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        path: str = request.path_params["path"]
        response = await self._thread_pool.run(lambda: self._respond(request, path))
        await response(scope, receive, send)

    def showing(self, name: str) -> ASGIApp:
        """What shows that page of the build, whatever the path."""

        async def show(scope: Scope, receive: Receive, send: Send) -> None:
            request = Request(scope, receive)
            response = await self._thread_pool.run(lambda: self._page(request, name))
            await response(scope, receive, send)

        return show

    def _respond(self, request: Request, path: str) -> Response:
        if path.split("/", 1)[0] == "api":
            raise _unknown(f"/{path}")
        if modules_at(path):
            return self._page(request)
        if "." not in path.rsplit("/", 1)[-1]:
            return self._page(request, status=HTTPStatus.NOT_FOUND)
        file = self._file(path) if len(path) <= _PATH_MAX else None
        if file is None:
            raise Refusal("not-found", "There is no such file.")
        cache_control = "public, max-age=31536000, immutable" if _is_hashed(path) else "no-cache"
        return _send_file(request, file, cache_control)

    def _page(
        self, request: Request, name: str = ENTRY, *, status: HTTPStatus = HTTPStatus.OK
    ) -> Response:
        prefix = escape(request.scope.get("root_path", ""))
        index = self._file(name)
        if index is None:
            return HTMLResponse(_NOT_BUILT.format(prefix=prefix), status_code=503)
        base = f'<base href="{prefix}/" />'
        base += "".join(
            f'<meta name="umbel-{each}" content="{escape(content)}" />'
            for each, content in self._meta_tags(
                cluster_of(request.scope), is_stranger=not is_let_in(request.scope)
            )
        )
        text = _BASE.sub(lambda _: base, index.body.decode(), count=1)
        if name == ENTRY:
            text = text.replace("</head>", f"{self._preloads(request.scope)}</head>", 1)
        if status is not HTTPStatus.OK:
            return HTMLResponse(text, status, {"Cache-Control": "no-store"})
        page = _file(text.encode(), index.changed_ns, ".html")
        return _send_file(request, page, "no-cache")

    def _preloads(self, scope: Scope) -> str:
        modules = modules_at(path_of(scope)[1:], is_of_one=cluster_of(scope) is not None)
        file = self._file(MANIFEST)
        if not modules or file is None:
            return ""
        if self._manifest is None or self._manifest[0] is not file:
            self._manifest = file, Manifest(file.body)
        return self._manifest[1].preloads(modules)

    def _meta_tags(self, cluster: str | None, *, is_stranger: bool) -> Iterator[tuple[str, str]]:
        """What a page is told. Strangers read what somebody wrote for people, of a server with one
        cluster: never the host of its broker, nor whether there is a cluster of some name. They
        see the login page, and at open addresses that there is no such page."""
        is_one = len(self._clusters) == 1
        if not is_one:
            yield "cluster", cluster or ""
        services = self._clusters.get(cluster or "")
        if services is not None and (is_one or not is_stranger):
            if services.label:
                yield "label", services.label
            elif not is_stranger:
                yield "host", label_of(services)
            if services.colour:
                yield "colour", services.colour
        if self._tasks_columns:
            yield "tasks-columns", ",".join(self._tasks_columns)

    def _file(self, path: str) -> File | None:
        """The file, or None; nothing outside the folder is a file."""
        try:
            found = (self._folder / path).resolve()
            if not found.is_relative_to(self._folder) or not found.is_file():
                return None
            changed_ns = found.stat().st_mtime_ns
            file = self._files.get(found)
            if file is None or file.changed_ns != changed_ns:
                file = _file(found.read_bytes(), changed_ns, found.suffix)
                self._files[found] = file
        except (OSError, ValueError):  # a name that no file can have, or one just replaced
            return None
        return file


def _is_hashed(path: str) -> bool:
    """Whether the build named this file by its content."""
    folder, _, name = path.rpartition("/")
    return folder == "assets" and _HASHED.fullmatch(name) is not None


def _unknown(path: str) -> Refusal:
    near = get_close_matches(path, [route.path for route in ROUTES], n=1, cutoff=0.75)
    advice = f"Did you mean {near[0]}?" if near else f"{API_ROOT}/openapi.json lists all."
    detail = f"The API has nothing at this address. {advice}"
    return Refusal("not-found", detail, suggestion=near[0] if near else None)


def _file(body: bytes, changed_ns: int, suffix: str) -> File:
    zipped = gzip.compress(body, mtime=0) if suffix in _COMPRESSED else None
    kind = _TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'
    return File(changed_ns, body, zipped, etag, kind)


def _send_file(request: Request, file: File, cache_control: str) -> Response:
    headers = {"Cache-Control": cache_control, "ETag": file.etag, "Vary": "Accept-Encoding"}
    etags = {
        tag.strip().removeprefix("W/")
        for tag in request.headers.get("if-none-match", "").split(",")
    }
    if "*" in etags or file.etag.removeprefix("W/") in etags:
        return Response(status_code=304, headers=headers)
    body = file.body
    if file.zipped is not None and accepts_gzip(request):
        body = file.zipped
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type=file.media_type, headers=headers)
