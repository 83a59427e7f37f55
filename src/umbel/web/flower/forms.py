"""Forms: what `curl -d` and `curl -F` send, taken apart in time that grows with their length.

Both kinds are read up to `FORM_MAX` bytes; all that Flower's API takes by forms is short. Of
multipart (RFC 7578) no more is understood than forms need: parts are cut at their delimiters, and
of a part's head the names of the field and of a file are read. A mail reader understands far more
of a head, in time that grows with the square of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from umbel.web.flower.refusal import FlowerRefusal

#: The largest form, bytes.
FORM_MAX: Final = 64 * 1024
#: The most fields of a form, or of a query string.
FIELDS_MAX: Final = 1_000
#: The longest header Content-Type, and the longest head of a part, bytes.
HEAD_MAX: Final = 1_024

#: A boundary is at most 70 characters long (RFC 2046, 5.1.1), none of which is a semicolon.
_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
#: `; name="value"` with what browsers quote in it, or without quotes.
_PARAMETER: Final = re.compile(rb';[ \t]*([A-Za-z*]+)=("(?:[^"\\]|\\.)*"|[^";\s]+)[ \t]*')
_ESCAPED: Final = re.compile(rb"\\(.)")


def pairs(text: bytes) -> dict[str, object]:
    """What a query string or a form of `name=value&...` says; of several values the last.
    Raises `ValueError` for what is not UTF-8 or has more than `FIELDS_MAX` fields."""
    # As text: of bytes, parse_qsl takes ASCII alone once they are unquoted.
    found = parse_qsl(
        text.decode(), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX
    )
    return dict(found)


def form(body: bytes) -> dict[str, object]:
    """The fields of a body that is `application/x-www-form-urlencoded`. Raises `ValueError` and
    `FlowerRefusal`."""
    _check_size(body)
    return pairs(body)


def multipart(content_type: str, body: bytes) -> dict[str, object]:
    """The fields of a body that is `multipart/form-data`, as text; files are passed over, as
    Flower does. Raises `ValueError` and `FlowerRefusal`."""
    _check_size(body)
    if len(content_type) > HEAD_MAX:
        raise ValueError(f"the header Content-Type is longer than {HEAD_MAX:,} bytes")
    boundary = _boundary(content_type)
    return {} if boundary is None else dict(_fields(boundary, body))


def _boundary(content_type: str) -> bytes | None:
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "boundary":
            given = value.strip().removeprefix('"').removesuffix('"')
            return given.encode() if _BOUNDARY.fullmatch(given) else None
    return None


def _fields(boundary: bytes, body: bytes) -> Iterator[tuple[str, object]]:
    _, *parts = (b"\r\n" + body).split(b"\r\n--" + boundary)
    for number, part in enumerate(parts):
        if part.startswith(b"--"):  # the last delimiter; what follows is nobody's
            return
        if number == FIELDS_MAX:
            raise ValueError("too many fields")
        head, end, value = part.partition(b"\r\n\r\n")
        if len(head) > HEAD_MAX:
            raise ValueError(f"the head of a part is longer than {HEAD_MAX:,} bytes")
        name = _name(head)
        if end and name is not None:
            yield name, value.decode()


def _name(head: bytes) -> str | None:
    """The name of the field; None if it is a file, or none."""
    for line in head.split(b"\r\n"):
        field, _, text = line.partition(b":")
        if field.strip().lower() == b"content-disposition":
            given = dict(_parameters(text))
            if b"name" not in given or b"filename" in given or b"filename*" in given:
                return None
            return _unquoted(given[b"name"]).decode()
    return None


def _parameters(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Those of a header, up to the first that cannot be understood: to look further would read
    what is behind a quote that never ends once for each of them."""
    at = text.find(b";")
    while at >= 0 and (found := _PARAMETER.match(text, at)):
        yield found[1].lower(), found[2]
        at = found.end()


def _unquoted(value: bytes) -> bytes:
    return _ESCAPED.sub(rb"\1", value[1:-1]) if value.startswith(b'"') else value


def _check_size(body: bytes) -> None:
    if len(body) > FORM_MAX:
        raise FlowerRefusal(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"Forms of up to {FORM_MAX:,} bytes are read; send larger ones as a JSON object.",
        )
