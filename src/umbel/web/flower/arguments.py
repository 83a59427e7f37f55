"""What a client of Flower's API asks: from the query string, a form, or a JSON object.

As in Flower, unknown names are ignored, the last of several values counts, and values lose
the spaces around them. Beyond Flower, a JSON object as the body gives arguments as well,
whatever its content type: some clients send one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from http import HTTPStatus
from typing import Final

import msgspec

from umbel.auth.base import Actor
from umbel.web.flower.forms import form, multipart, pairs
from umbel.web.flower.refusal import FlowerRefusal
from umbel.web.metrics.exposition import Family

#: JSON is read this many levels deep.
_DEPTH_MAX: Final = 64
#: An argument is told back up to so many characters.
_ECHO_MAX: Final = 200
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1f]")
_TRUE: Final = frozenset({"y", "yes", "t", "true", "on", "1"})
_FALSE: Final = frozenset({"n", "no", "f", "false", "off", "0"})


class FlowerRequest:
    """One request. `target` is what the path names (a worker, a task's id or name), `actor`
    who asks, None at an open address; `wants_openmetrics` is whether a scraper takes that, and
    `request_families` are the metrics of requests. What reads the query or the body raises
    `FlowerRefusal`; bodies can be large, so it is done in a thread."""

    def __init__(
        self,
        target: str,
        query: bytes,
        *,
        content_type: str = "",
        body: bytes = b"",
        actor: Actor | None = None,
        wants_openmetrics: bool = False,
        request_families: Sequence[Family] = (),
    ) -> None:
        self.target = target
        self.wants_openmetrics = wants_openmetrics
        self.request_families = request_families
        self._query = query
        self._content_type = content_type
        self._body = body
        self._actor = actor

    @property
    def person(self) -> Actor:
        """Who asks, at an address that is not open."""
        assert self._actor is not None  # noqa: S101  the table says which are
        return self._actor

    @cached_property
    def arguments(self) -> Mapping[str, object]:
        """Values by name: texts, unless a JSON body says otherwise."""
        return arguments(self._query, self._content_type, self._body)

    def text(self, name: str) -> str | None:
        """The argument as text; None if it is not given."""
        value = self.arguments.get(name)
        match value:
            case None:
                return None
            case bool():
                return "true" if value else "false"
            case str():
                return _CONTROL.sub(" ", value).strip()
            case int() | float():
                return str(value)
            case _:
                raise FlowerRefusal(
                    HTTPStatus.BAD_REQUEST, f"Invalid argument {name}: a list or object"
                )

    def required(self, name: str) -> str:
        """The same of one that must be there."""
        value = self.text(name)
        if not value:
            raise FlowerRefusal(HTTPStatus.BAD_REQUEST, f"Missing argument {name}")
        return value

    def whole(self, name: str, default: int | None = None) -> int | None:
        """A whole number."""
        value = self.text(name)
        if value is None:
            return default
        try:
            return int(value)
        except ValueError:
            raise _invalid(value, "int") from None

    def number(self, name: str) -> float | None:
        """A finite number."""
        value = self.text(name)
        if value is None:
            return None
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise _invalid(value, "float")
        return number

    def flag(self, name: str) -> bool:
        """Yes or no; no if it is not given."""
        value = self.text(name)
        if value is None or value.lower() in _FALSE:
            return False
        if value.lower() in _TRUE:
            return True
        raise _invalid(value, "bool")

    def given(self) -> dict[str, object]:
        """The body as a JSON object, of which the caller may take parts out; {} without a
        body. Raises `FlowerRefusal`."""
        return json_object(self._body) if self._body.strip() else {}


def arguments(query: bytes, content_type: str, body: bytes) -> dict[str, object]:
    """Every argument by its name; those of the body go before those of the query. Raises
    `FlowerRefusal`."""
    found: dict[str, object] = {}
    kind = content_type.partition(";")[0].strip().lower()
    try:
        found |= pairs(query)
        if body.lstrip()[:1] == b"{":
            found |= _json_or_form(kind, body)
        elif kind == "application/x-www-form-urlencoded":
            found |= form(body)
        elif kind == "multipart/form-data":
            found |= multipart(content_type, body)
    except ValueError as error:  # not UTF-8, or too many
        raise FlowerRefusal(
            HTTPStatus.BAD_REQUEST, f"The arguments cannot be read: {error}"[:300]
        ) from None
    return found


def json_object(body: bytes) -> dict[str, object]:
    """Raises `FlowerRefusal` for all that is not a JSON object."""
    try:
        found = msgspec.json.decode(body)
    except RecursionError:
        raise _too_deep() from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise FlowerRefusal(HTTPStatus.BAD_REQUEST, f"The body is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise FlowerRefusal(HTTPStatus.BAD_REQUEST, "invalid options")
    if _depth(found) > _DEPTH_MAX:
        raise _too_deep()
    return found


def _json_or_form(kind: str, body: bytes) -> dict[str, object]:
    """`curl -d '{...}'` calls its JSON a form; what only looks like JSON is one."""
    try:
        return json_object(body)
    except FlowerRefusal:
        if kind == "application/x-www-form-urlencoded":
            return form(body)
        raise


def _depth(found: object) -> int:
    layer, depth = [found], 0
    while layer and depth <= _DEPTH_MAX:
        inner: list[object] = []
        for value in layer:
            if isinstance(value, dict):
                inner += value.values()
            elif isinstance(value, list):
                inner += value
        layer, depth = inner, depth + 1
    return depth


def _too_deep() -> FlowerRefusal:
    return FlowerRefusal(
        HTTPStatus.BAD_REQUEST, f"The body is nested more than {_DEPTH_MAX} levels deep."
    )


def _invalid(value: str, kind: str) -> FlowerRefusal:
    return FlowerRefusal(
        HTTPStatus.BAD_REQUEST, f"Invalid argument '{value[:_ECHO_MAX]}' of type '{kind}'"
    )
