"""Answers as Flower gives them: JSON for what was asked, plain text for what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import msgspec
from starlette.responses import Response
from starlette.types import ASGIApp

from umbel.bounded_json import encode_json
from umbel.web.error_middleware import ErrorMiddleware
from umbel.web.flower.refusal import Refused
from umbel.web.http.endpoint import json_response
from umbel.web.http.problems import Problem, respond_to

#: Statuses of our own problems that Flower's API does not have, and what it has instead.
_AS_FLOWER: Final[Mapping[int, int]] = {
    HTTPStatus.CONFLICT: HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.NOT_IMPLEMENTED: HTTPStatus.SERVICE_UNAVAILABLE,
}
JSON: Final = "application/json"

encode: Final = encode_json


def say(found: object, *, zipped: bool = False) -> Response:
    """What was asked for: text as it is, everything else as JSON."""
    if isinstance(found, Response):
        return found
    if isinstance(found, str):
        return text(found)
    return json_response(encode(found), zipped=zipped)


def text(
    sentence: str, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> Response:
    """A sentence as plain text."""
    # A path can hold surrogates, which no encoding takes.
    body = sentence.encode("utf-8", "replace")
    return Response(
        body,
        status,
        media_type="text/plain",
        headers={"Cache-Control": "no-store"} | {**(headers or {})},
    )


def respond(error: Exception) -> Response:
    """Any exception as plain text; the rules are those of `problems`."""
    if isinstance(error, Refused):
        return text(error.message, error.status)
    answer = respond_to(error)
    problem = msgspec.json.decode(answer.body, type=Problem)
    status = _AS_FLOWER.get(answer.status_code, answer.status_code)
    kept = ("retry-after", "allow", "connection")
    headers = {name: value for name, value in answer.headers.items() if name in kept}
    return text(problem.detail, status, headers)


def plain_text_errors(app: ASGIApp) -> ErrorMiddleware:
    """Answers every exception of `app` with plain text; the last word has what is before."""
    return ErrorMiddleware(app, respond, last=False)
