"""The OpenAPI 3.1 document, made from the table of routes and the structs it names."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from umbel import __version__
from umbel.web.http import bodies
from umbel.web.http.endpoint import accepts_gzip, json_response
from umbel.web.http.parameters import any_value, fields
from umbel.web.http.problems import KINDS, MEDIA_TYPE, Problem
from umbel.web.http.route import Route, problems_of
from umbel.web.routes import ROUTES
from umbel.web.thread_pools import ThreadPool

Json = dict[str, Any]

_SCHEMAS: Final = "#/components/schemas/"
_DESCRIPTION: Final = (
    "Times are Unix seconds, durations seconds. Every key is always present, null when "
    "unknown. Every error is a problem of RFC 9457. Unknown and repeated parameters are "
    "refused."
)
_TAGS: Final = {
    "tasks": "Tasks, one by one and by search",
    "search": "The query language, and figures over what it finds",
    "cluster": "Workers, queues, and what is going on now",
    "names": "What tasks of each name are like, and where it is registered",
    "schedule": "Beat's entries: when they are due, and what became of it",
    "errors": "Failures that are the same error, and what was decided about them",
    "control": "Acting on tasks, workers and queues, and the book of what was done",
    "access": "Who asks",
    "probes": "For load balancers and schedulers",
}


class OpenApiEndpoint:
    """The ASGI application that tells the document."""

    def __init__(self, thread_pool: ThreadPool) -> None:
        self._thread_pool = thread_pool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        zipped = accepts_gzip(Request(scope))
        server = scope.get("root_path", "")
        response = await self._thread_pool.run(
            lambda: json_response(_written(server), zipped=zipped)
        )
        await response(scope, receive, send)


@lru_cache(maxsize=8)
def _written(server: str) -> bytes:
    """It takes some hundredths of a second to make, and does not change."""
    return msgspec.json.encode(document(server))


def document(server: str = "") -> Json:
    """The whole document; `server` is the address that paths are below."""
    kinds = _kinds()
    schemas, components = msgspec.json.schema_components(
        kinds, schema_hook=any_value, ref_template=_SCHEMAS + "{name}"
    )
    schema_of = dict(zip(kinds, schemas, strict=True))
    for name, component in components.items():
        if name != Problem.__name__ and "properties" in component:
            component["required"] = list(component["properties"])  # every key, always
            for part in component["properties"].values():
                part.pop("default", None)
    body_of = _bodies(components)
    paths: Json = {}
    for route in ROUTES:
        operation = _operation(route, schema_of)
        if route.name in body_of:
            operation["requestBody"] = body_of[route.name]
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Umbel",
            "version": __version__,
            "description": _DESCRIPTION,
            "license": {"name": "BSD-3-Clause", "identifier": "BSD-3-Clause"},
        },
        "servers": [{"url": server or "/"}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": paths,
        "components": {"schemas": components},
    }


def _kinds() -> list[Any]:
    """Every type that the document describes, each once."""
    kinds: list[Any] = [Problem]
    for route in ROUTES:
        kinds += [field.type for field in fields(route.asks).values()]
        kinds += [event.body for event in route.events]
        if route.answers is not None:
            kinds.append(route.answers)
    return list(dict.fromkeys(kinds))


def _bodies(components: Json) -> Json:
    """What is sent, by the name of the route. A struct that is sent and answered has two
    schemas: what may be left out of one is always in the other (`...Body`)."""
    found: Json = {}
    for route in ROUTES:
        if route.method == "POST":
            (schema,), parts = msgspec.json.schema_components(
                [route.asks], schema_hook=any_value, ref_template=_SCHEMAS + "{name}Body"
            )
            for name, part in parts.items():
                components[f"{name}Body"] = {**part, "additionalProperties": False}
            _leave_out_path(components[schema["$ref"].removeprefix(_SCHEMAS)], route)
            content = {bodies.MEDIA_TYPE: {"schema": schema}}
            found[route.name] = {"required": True, "content": content}
    return found


def _leave_out_path(schema: Json, route: Route) -> None:
    given = [name for name in fields(route.asks) if f"{{{name}}}" in route.path]
    for name in given:
        del schema["properties"][name]
    schema["required"] = [name for name in schema.get("required", ()) if name not in given]


def _operation(route: Route, schema_of: dict[Any, Json]) -> Json:
    operation: Json = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": _parameters(route, schema_of),
        "responses": {**_success(route, schema_of), **_problems(route, schema_of)},
    }
    if route.permission is not None:
        operation["x-permission"] = route.permission
    return operation


def _parameters(route: Route, schema_of: dict[Any, Json]) -> list[Json]:
    found = [
        _parameter(field, schema_of[field.type], in_path=f"{{{name}}}" in route.path)
        for name, field in fields(route.asks).items()
        if route.method == "GET" or f"{{{name}}}" in route.path
    ]
    if route.events:  # the same number as `after`, as a browser that reconnects sends it
        after = next(parameter for parameter in found if parameter["name"] == "after")
        found.append({**after, "name": "Last-Event-ID", "in": "header"})
    return found


def _parameter(field: msgspec.structs.FieldInfo, schema: Json, *, in_path: bool) -> Json:
    """A missing parameter is how null is said, so null is not among the values."""
    options = [part for part in schema.get("anyOf", ()) if part.get("type") != "null"]
    if len(options) == 1:
        schema = options[0]
    schema = dict(schema)
    description = schema.pop("description", "")
    if field.default is not msgspec.NODEFAULT and field.default is not None:
        schema["default"] = field.default
    parameter = {
        "name": field.encode_name,
        "in": "path" if in_path else "query",
        "required": field.required,
        "schema": schema,
    }
    return {**parameter, "description": description} if description else parameter


def _success(route: Route, schema_of: dict[Any, Json]) -> Json:
    if route.events:
        content: Json = {"text/event-stream": {}}
        return {"200": {"description": _events_described(route, schema_of), "content": content}}
    if route.files:
        content = {media: {"schema": _file_schema(media)} for media in route.files}
        return {"200": {"description": route.summary, "content": content}}
    media = "text/plain" if route.answers is str else "application/json"
    content = {media: {"schema": schema_of[route.answers]}}
    success = {"description": route.summary, "content": content}
    return {str(status): success for status in (route.status, *route.statuses)}


def _file_schema(media: str) -> Json:
    """A file of JSON is a list of rows, whatever their columns."""
    if media == "application/json":
        return {"type": "array", "items": {"type": "object"}}
    return {"type": "string"}


def _events_described(route: Route, schema_of: dict[Any, Json]) -> str:
    """The events of a stream; OpenAPI 3.1 has no other place for them."""
    events = [f"`{e.name}` ({schema_of[e.body]['$ref']})" for e in route.events]
    return f"Server-sent events, `data` as JSON: {', '.join(events)}"


def _problems(route: Route, schema_of: dict[Any, Json]) -> Json:
    titles: dict[int, list[str]] = {}
    for kind in problems_of(route):
        status, title = KINDS[kind]
        titles.setdefault(status, []).append(f"{title} (`{kind}`)")
    return {
        str(status): {
            "description": "; ".join(found),
            "content": {MEDIA_TYPE: {"schema": schema_of[Problem]}},
        }
        for status, found in sorted(titles.items())
    }
