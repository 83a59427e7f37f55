"""Bodies of requests that change something, checked field by field against a struct.

The same rules as for parameters: the struct of a route names the fields, their types and
bounds; what the path gave is taken from there; an unknown field is refused with the nearest
right one, and a wrong value with its place and what is taken instead. A body is a JSON object,
declared as `application/json`: no form of another site can send that without being asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, TypeVar, get_args

import msgspec

from umbel.web.http.parameters import convert, fields, takes, text_in_path, unknown
from umbel.web.http.problems import Refusal

P = TypeVar("P", bound=msgspec.Struct)

MEDIA_TYPE: Final = "application/json"
#: Deeper bodies are refused.
DEPTH_MAX: Final = 64
#: What msgspec calls the kinds of values, and what people do.
_WORDS: Final = {
    "`str`": "text", "`int`": "a whole number", "`float`": "a number", "`bool`": "true or false",
    "`array`": "a list", "`object`": "an object", "`null`": "null",
    "`int | null`": "a whole number", "`float | null`": "a number", "`str | null`": "text",
    "`array | null`": "a list", "`object | null`": "an object",
}  # fmt: skip
_AT_PATH: Final = re.compile(r" - at `(?:key in )?\$(.*)`$")


def check_kind(content_type: str) -> None:
    """Raises `Refusal` for a body that is not declared as JSON."""
    if content_type.partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise Refusal(
            "not-json",
            "What changes something is asked for by a body in JSON with the header "
            f"Content-Type: {MEDIA_TYPE}.",
        )


def read_body(struct: type[P], body: bytes, path: Mapping[str, str]) -> P:
    """What was asked: `path` is what the route's path gave. Raises `Refusal`."""
    given = _object(body)
    rules = fields(struct)
    values: dict[str, Any] = {}
    for name, text in path.items():
        rule = rules[name]
        values[rule.name] = convert(rule, text_in_path(text, name), f"parameter {name}")
    in_body = {name: rule for name, rule in rules.items() if name not in path}
    return struct(**values, **_fields(in_body, given, ""))


def _object(body: bytes) -> dict[str, object]:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        message = f"It is no JSON: {error}." if body else "It is empty; send {} at least."
        raise Refusal("bad-body", f"The body cannot be read. {message}") from None
    except RecursionError:
        raise _too_deep() from None
    if not isinstance(found, dict):
        raise Refusal("bad-body", "The body must be a JSON object: {...}.")
    _check_depth(found)
    return found


def _check_depth(found: object) -> None:
    layer = [found]
    for _ in range(DEPTH_MAX):
        inner: list[object] = []
        for value in layer:
            if isinstance(value, dict):
                inner += value.values()
            elif isinstance(value, list):
                inner += value
        layer = inner
        if not layer:
            return
    raise _too_deep()


def _too_deep() -> Refusal:
    return Refusal("bad-body", f"The body is nested more than {DEPTH_MAX} levels deep.")


def _fields(
    rules: Mapping[str, msgspec.structs.FieldInfo], given: Mapping[str, object], field_path: str
) -> dict[str, Any]:
    for name in given:
        if name not in rules:
            raise unknown(
                "bad-body", "field", field_path + name, [field_path + names for names in rules]
            )
    values: dict[str, Any] = {}
    for name, rule in rules.items():
        if name in given:
            values[rule.name] = _value(rule.type, given[name], field_path + name)
        elif rule.required:
            raise _bad_field(
                field_path + name, f"The field {field_path}{name} is required: {takes(rule.type)}."
            )
    return values


def _value(kind: Any, given: object, field_path: str) -> object:
    struct = _struct(kind)
    if struct is not None and isinstance(given, dict):
        return struct(**_fields(fields(struct), given, f"{field_path}."))
    try:
        value = msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        raise _invalid(kind, given, field_path, str(error)) from None
    if not _takes_anything(kind):
        _check_texts(given, field_path)
    return value


def _struct(kind: Any) -> type[msgspec.Struct] | None:
    """The struct that a field takes, if it takes one."""
    for option in (kind, *get_args(kind)):
        if isinstance(option, type) and issubclass(option, msgspec.Struct):
            return option
    return None


def _takes_anything(kind: Any) -> bool:
    """Whether arguments of tasks are taken, which are nobody's business."""
    return kind is object or any(map(_takes_anything, get_args(kind)))


def _check_texts(given: object, field_path: str) -> None:
    """No name, id or search has a NUL."""
    texts = given if isinstance(given, list) else [given]
    if any(isinstance(text, str) and "\0" in text for text in texts):
        raise _bad_field(field_path, f"The field {field_path} contains a NUL.")


def _invalid(kind: Any, given: object, field_path: str, message: str) -> Refusal:
    inner = _AT_PATH.search(message)
    if inner is None:
        quoted = repr(given) if isinstance(given, str | int | float | None) else "this"
        quoted = quoted if len(quoted) <= 60 else f"{len(quoted):,} characters"
        return _bad_field(field_path, f"The field {field_path} takes {takes(kind)}, not {quoted}.")
    message = message[: inner.start()]
    for word, phrase in _WORDS.items():
        message = message.replace(word, phrase)
    field_path += inner[1]
    return _bad_field(
        field_path, f"The field {field_path} is wrong: {message[0].lower()}{message[1:]}."
    )


def _bad_field(field_path: str, detail: str) -> Refusal:
    return Refusal("bad-body", detail, parameter=field_path[:200])
