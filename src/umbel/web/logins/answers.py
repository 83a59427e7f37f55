"""Bodies and answers of endpoints that concern sessions."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from umbel.web.http.bodies import check_kind, read_body
from umbel.web.http.parameters import read
from umbel.web.requests import Nothing

P = TypeVar("P", bound=msgspec.Struct)


async def own_body(struct: type[P], request: Request) -> P:
    """The body. No other site's form can send JSON, so nothing else is taken."""
    read(Nothing, request.scope["query_string"], {})
    check_kind(request.headers.get("content-type", ""))
    return read_body(struct, await request.body(), {})


def json_response(answer: msgspec.Struct) -> Response:
    """The answer, which nobody keeps."""
    body = msgspec.json.encode(answer)
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})
