"""Parameters of a request, checked one by one against a struct.

A route names its parameters in a `msgspec` struct: each field is a parameter, its type and
`Meta` are its rules, its default makes it optional. Here a query string meets that struct,
strictly: a name that is not there, a name given twice, bytes that are not UTF-8 and values
outside the rules are refused with a sentence that names the parameter and what it takes.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, TypeVar
from urllib.parse import unquote_to_bytes

import msgspec

from umbel.path_parts import text_of_part
from umbel.web.http.problems import Refusal

P = TypeVar("P", bound=msgspec.Struct)

#: Names in a query string are cut to this many characters when they are told back.
_ECHO_MAX: Final = 60


def read(struct: type[P], query: bytes, path: Mapping[str, str]) -> P:
    """The parameters of one request: `query` is the raw query string, `path` what the
    route's path gave. Raises `Refusal`."""
    given = _split(query)
    names = [name for name in fields(struct) if name not in path]
    for name in given:
        if name not in names:
            raise _unknown(name, names)
    for name, text in path.items():
        given[name] = text_in_path(text, name)
    return _build(struct, given)


def _split(query: bytes) -> dict[str, str]:
    given: dict[str, str] = {}
    for part in query.split(b"&"):
        if not part:
            continue
        raw_name, _, raw_value = part.partition(b"=")
        name = _text(raw_name, "name")
        if name in given:
            raise _bad_parameter(name, f"The parameter {_echoed(name)} is given more than once.")
        given[name] = _text(raw_value, name)
    return given


def _text(raw: bytes, name: str) -> str:
    try:
        text = unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        raise _bad_parameter(name, f"The parameter {_echoed(name)} is not text in UTF-8.") from None
    return without_nul(text, name)


def without_nul(text: str, name: str) -> str:
    """The text, if it can be anything's name. Raises `Refusal`."""
    if "\0" in text:
        raise _bad_parameter(
            name, f"The parameter {_echoed(name)} contains a NUL, which no task has."
        )
    return text


def text_in_path(text: str, name: str) -> str:
    """The same of what stands in the path (`path_parts`)."""
    return text_of_part(without_nul(text, name))


def _build(struct: type[P], given: Mapping[str, str]) -> P:
    rules = fields(struct)
    values: dict[str, Any] = {
        rule.name: convert(rule, given[name], f"parameter {name}")
        for name, rule in rules.items()
        if name in given
    }
    for name, rule in rules.items():
        if rule.required and name not in given:
            raise _bad_parameter(name, f"The parameter {name} is required: {takes(rule.type)}.")
    return struct(**values)


@cache
def fields(struct: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    """The parameters of a struct by the name they have on the wire."""
    return {field.encode_name: field for field in msgspec.structs.fields(struct)}


def convert(rule: msgspec.structs.FieldInfo, text: str, what: str) -> object:
    """The value of one parameter; `what` names it in the sentence. Raises `Refusal`."""
    try:
        value = msgspec.convert(text, rule.type, strict=False)
    except msgspec.ValidationError:
        value = None
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        detail = f"The {what} takes {takes(rule.type)}, not {_quoted(text)}."
        raise _bad_parameter(rule.encode_name, detail)
    return value


def takes(kind: object) -> str:
    """What a parameter of this type takes, in words."""
    schema = msgspec.json.schema_components([kind], schema_hook=any_value)[0][0]
    options = [s for s in schema.get("anyOf", [schema]) if s.get("type") != "null"]
    schema = options[0]
    if "enum" in schema:
        return "one of " + ", ".join(str(value) for value in schema["enum"])
    match schema.get("type"):
        case "boolean":
            return "true or false"
        case "string":
            return f"text{_length(schema)}{_form(schema)}"
        case "array":
            least, most = schema.get("minItems", 0), schema.get("maxItems")
            return "a list" if most is None else f"a list of {least:,} to {most:,} entries"
        case "integer" | "number" as number:
            word = "a whole number" if number == "integer" else "a number"
            return f"{word}{_range(schema)}"
        case None if "$ref" not in schema:
            return "any value"
        case _:
            return "an object"


def any_value(kind: type) -> dict[str, Any]:
    """The schema of `object`: every JSON value."""
    if kind is object:
        return {"description": "Any JSON value."}
    raise NotImplementedError


def _range(schema: Mapping[str, Any]) -> str:
    """The bounds of a number in words; "" without bounds."""
    bounds = [
        f"{word} {schema[key]:,}"
        for key, word in (
            ("minimum", "from"), ("exclusiveMinimum", "above"),
            ("maximum", "to" if "minimum" in schema else "up to"), ("exclusiveMaximum", "below"),
        )
        if key in schema
    ]  # fmt: skip
    joint = " " if {"minimum", "maximum"} <= schema.keys() else ", "
    return f" {joint.join(bounds)}" if bounds else ""


def _length(schema: Mapping[str, Any]) -> str:
    """The bounds of a text in words; "" without an upper bound."""
    if "maxLength" not in schema:
        return ""
    least, most = schema.get("minLength", 0), schema["maxLength"]
    return f" of {most:,} characters" if least == most else f" of {least:,} to {most:,} characters"


def _form(schema: Mapping[str, Any]) -> str:
    """What a text has to look like, in words; "" without a pattern. Without it the sentence of a
    text that has the right length would be false."""
    match schema.get("pattern"):
        case None:
            return ""
        case r"\S":
            return " that is not blank"
        case pattern:
            examples = schema.get("examples", ())
            return f" that fits {pattern}" + (f", such as {examples[0]}" if examples else "")


def _unknown(name: str, names: list[str]) -> Refusal:
    return unknown("bad-parameter", "parameter", name, names)


def unknown(kind: str, what: str, name: str, names: list[str]) -> Refusal:
    """The refusal of a name that is not known, with the nearest that is."""
    near = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    if near:
        advice = f"Did you mean {near[0]}?"
    elif names:
        advice = f"There are {', '.join(names)}."
    else:
        advice = "This address takes none."
    return Refusal(
        kind,
        f"There is no {what} {_echoed(name)}. {advice}",
        parameter=name[:_ECHO_MAX],
        suggestion=near[0] if near else None,
    )


def _bad_parameter(name: str, detail: str) -> Refusal:
    return Refusal("bad-parameter", detail, parameter=name[:_ECHO_MAX])


def _echoed(name: str) -> str:
    return name if len(name) <= _ECHO_MAX else name[:_ECHO_MAX] + "…"


def _quoted(text: str) -> str:
    return f"{text!r}" if len(text) <= _ECHO_MAX else f"{len(text):,} characters"
