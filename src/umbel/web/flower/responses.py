"""Responses as Flower gives them: JSON for what was asked, an error as one line of plain text.

Errors of the services become statuses by the rules of `web/http/problems.py`; the two statuses that
Flower's clients do not know become 503 here.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp

from umbel.bounded_json import encode_json
from umbel.web.error_middleware import ErrorMiddleware
from umbel.web.flower.refusal import FlowerRefusal
from umbel.web.http.endpoint import json_response
from umbel.web.http.problems import problem_of

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
    """Any exception as plain text, by the rules of `problems.problem_of`."""
    if isinstance(error, FlowerRefusal):
        return text(error.message, error.status)
    problem, headers = problem_of(error)
    return text(problem.detail, _AS_FLOWER.get(problem.status, problem.status), headers)


def plain_text_errors(app: ASGIApp) -> ErrorMiddleware:
    """Answers every exception of `app` with plain text; the last word has what is before."""
    return ErrorMiddleware(app, respond, last=False)
