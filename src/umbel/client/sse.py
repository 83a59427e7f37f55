"""Server-sent events read line by line (https://html.spec.whatwg.org/#server-sent-events)."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse
from typing import Final, NamedTuple

from umbel.errors import ServerUnreachable

#: The longest line that is read, in bytes.
LINE_MAX: Final = 16 * 1024 * 1024


class ServerEvent(NamedTuple):
    """One event; `id` is the change number."""

    id: str
    event: str
    data: bytes


def events(response: HTTPResponse, url: str) -> Iterator[ServerEvent | None]:
    """Events until the stream ends; None for a comment, which only shows that somebody is
    there. Raises `ServerUnreachable` when the stream breaks."""
    number, name, data = "", "message", b""
    try:
        while line := response.readline(LINE_MAX):
            field, _, value = line.rstrip(b"\r\n").partition(b":")
            value = value.removeprefix(b" ")
            if not field and value:
                yield None
            elif not field:
                if data:
                    yield ServerEvent(number, name, data)
                name, data = "message", b""
            elif field == b"id":
                number = value.decode("ascii", "replace")
            elif field == b"event":
                name = value.decode("ascii", "replace")
            elif field == b"data":
                data += value
    except (OSError, HTTPException, ValueError) as error:
        raise ServerUnreachable(f"The live stream of {url} broke off.") from error
