"""The kinds of value that a setting can have.

A `ValueKind` turns what a person wrote (text from the command line or the environment, or a
value from a TOML file) into what the code uses, and back into text. Parsing is strict: a
duration or a size without a unit is refused, since a guess at the unit would be wrong for
someone. Every kind can say what it wants in half a sentence.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from umbel.auth.people import parse_person
from umbel.settings.units import (
    DURATIONS,
    SIZES,
    InvalidValue,
    amount_of,
    show_duration,
    show_size,
    text_of,
)

YES = ("true", "yes", "on", "1")
NO = ("false", "no", "off", "0")

#: From this similarity on (`difflib`) a name is taken for a misspelt one.
ALIKE = 0.75
#: How many buckets a histogram may have.
_BUCKETS_MAX = 100
#: Celery sends no task with more positional arguments.
_POSITION_MAX = 1_000
#: The name of the kind of addresses.
URL = "URL"
TABLES = "tables"

N = TypeVar("N", int, float)


@dataclass(frozen=True)
class ValueKind:
    """`parse` raises `ValueError`, as `InvalidValue` where more can be said than what it `wants`,
    which completes "it must be ...". `words` are all that it may be, if they are few."""

    name: str
    wants: str
    parse: Callable[[object], Any]
    show: Callable[[Any], str] = str
    flag: bool = False
    #: Whether it may be said several times on the command line; `parse` gets a list then.
    many: bool = False
    words: tuple[str, ...] = ()
    #: Of a secret value, what may be seen of it; nothing, unless there is such a function.
    masked: Callable[[Any], str] | None = None

    @property
    def placeholder(self) -> str:
        """What stands for a value in the help of a command: `DURATION`, `[text|json]`."""
        return f"[{'|'.join(self.words)}]" if self.words else self.name.upper()

    def refusal(self, error: ValueError) -> str:
        """The end of a sentence about a value for which `parse` raised `error`."""
        detail = f", but {error}" if isinstance(error, InvalidValue) else ""
        sentence = f"it must be {self.wants}{detail}"
        return sentence if sentence.endswith("?") else f"{sentence}."


def text(wants: str, *, name: str = "text") -> ValueKind:
    """Any text that is not empty."""
    return ValueKind(name, wants, text_of)


def number(low: int, high: int, wants: str) -> ValueKind:
    """A whole number from `low` to `high`, both included; `1_000` is understood."""

    def parse(value: object) -> int:
        if isinstance(value, bool):
            raise ValueError
        count = int(value.strip()) if isinstance(value, str) else value
        if not isinstance(count, int):
            raise ValueError
        return _between(count, low, high, str)

    return ValueKind("number", wants, parse, lambda count: f"{count}")


def duration(low_s: float, high_s: float, wants: str) -> ValueKind:
    """A number with a unit, such as `500ms` or `1h30min`, in seconds."""

    def parse(value: object) -> float:
        seconds = amount_of(value, DURATIONS, "500ms, 90s, 12h or 30d")
        return _between(seconds, low_s, high_s, show_duration)

    return ValueKind("duration", wants, parse, show_duration)


def size(low: int, high: int, wants: str) -> ValueKind:
    """A number with a unit, such as `20GB` or `512MiB`, in bytes."""

    def parse(value: object) -> int:
        count = int(amount_of(value, SIZES, "512MB, 20GB or 8GiB"))
        return _between(count, low, high, show_size)

    return ValueKind("size", wants, parse, show_size)


def choice(*words: str) -> ValueKind:
    """One of a few words."""

    def parse(value: object) -> str:
        if value not in words:
            raise ValueError
        return str(value)

    return ValueKind("word", f"one of {', '.join(words)}", parse, words=words)


def switch() -> ValueKind:
    """True or false, `--name` or `--no-name` on the command line."""

    def parse(value: object) -> bool:
        if isinstance(value, bool):
            return value
        word = str(value).strip().lower()
        if word not in YES + NO:
            raise ValueError
        return word in YES

    return ValueKind(
        "switch", "true or false", parse, lambda on: "true" if on else "false", flag=True
    )


def path(wants: str) -> ValueKind:
    """A path; `~` is the home directory, and a relative one is meant from here."""
    return ValueKind("path", wants, lambda value: Path(text_of(value)).expanduser().absolute())


def url(wants: str, schemes: tuple[str, ...] = ()) -> ValueKind:
    """An address with a scheme, one of `schemes` if there are any; kept as it is, since every
    transport has its own."""

    def parse(value: object) -> str:
        address = text_of(value)
        scheme = re.match(r"([a-z][a-z0-9+.-]*):", address, re.IGNORECASE)
        if scheme is None:
            raise InvalidValue("it has no scheme")
        if schemes and scheme[1].lower() not in schemes:
            raise InvalidValue(f"its scheme is none of {', '.join(schemes)}")
        return address

    return ValueKind(URL, wants, parse)


def prefix() -> ValueKind:
    """A path in a URL: kept with a slash before and none after; empty for none. One that browsers
    change before they ask for it, or that is an address, would lead nowhere."""

    def parse(value: object) -> str:
        if not isinstance(value, str) or re.search(r"[\s?#\"'<>%\\]", value):
            raise ValueError
        if "://" in value:
            raise InvalidValue("it is an address, of which the path alone belongs here")
        trimmed = value.strip("/")
        if {".", ".."} & set(trimmed.split("/")):
            raise InvalidValue("a . or .. as a part of it is left out by browsers")
        return f"/{trimmed}" if trimmed else ""

    return ValueKind("path in a URL", "a path such as /umbel", parse)


def names(wants: str, check: Callable[[str], object] = str) -> ValueKind:
    """Several words, in TOML as a list, elsewhere with commas between; where a word has a comma
    in it, as a JSON list."""

    def parse(value: object) -> tuple[str, ...]:
        words = _split(value) if isinstance(value, str) else value
        if not isinstance(words, list | tuple):
            raise ValueError
        found = tuple(text_of(word) for word in words if word != "")
        for word in found:
            check(word)
        return found

    return ValueKind("list", wants, parse, list_text)


def list_text(found: Iterable[str]) -> str:
    """Words as `names` reads them."""
    words = [*found]
    return json.dumps(words) if any("," in word for word in words) else ",".join(words)


def _split(text: str) -> list[str]:
    if text.startswith('["') and text.endswith('"]'):
        with contextlib.suppress(ValueError):
            found: list[str] = json.loads(text)
            return found
    return text.split(",")


def words(wants: str, allowed: tuple[str, ...]) -> ValueKind:
    """Several of the words `allowed`, each once."""

    def check(word: str) -> None:
        if word not in allowed:
            near = get_close_matches(word, allowed, n=1)
            advice = f"did you mean {near[0]}?" if near else f"there are {', '.join(allowed)}"
            raise InvalidValue(f"{word!r} is none of them; {advice}")

    kind = names(wants, check)
    return replace(kind, parse=lambda value: tuple(dict.fromkeys(kind.parse(value))))


def options(wants: str) -> ValueKind:
    """Names with values: in TOML a table, elsewhere `name=value` with commas between, or a JSON
    object; a value that is JSON is what it says, any other a text."""

    def parse(value: object) -> dict[str, object]:
        if isinstance(value, dict):
            return dict(value)
        if isinstance(value, list | tuple):
            return {name: found for each in value for name, found in parse(each).items()}
        text = text_of(value)
        if text.startswith("{"):
            found = json.loads(text)
            return dict(found)
        return dict(_option(pair) for pair in _pairs(text))

    return ValueKind("name=value", wants, parse, json.dumps, many=True)


def positions(wants: str) -> ValueKind:
    """Task names with positions of arguments, counted from 0: in TOML a table, elsewhere
    `proj.pay=[1,2]` with commas between, or a JSON object."""

    def parse(value: object) -> tuple[tuple[str, tuple[int, ...]], ...]:
        found = options(wants).parse("{}" if value == "" else value)
        return tuple((name, _positions(name, at)) for name, at in found.items())

    def show(value: tuple[tuple[str, tuple[int, ...]], ...]) -> str:
        return json.dumps(dict(value)) if value else ""

    return ValueKind("name=[positions]", wants, parse, show, many=True)


def _positions(name: str, value: object) -> tuple[int, ...]:
    at = value if isinstance(value, list | tuple) else [value]
    if not all(type(each) is int and 0 <= each <= _POSITION_MAX for each in at):
        raise InvalidValue(f"of {name} there are no whole numbers from 0 on")
    return tuple(at)


def _pairs(text: str) -> list[str]:
    """The pairs of `text`; a comma within a value of JSON is none between pairs."""
    parts = text.split(",")
    pairs = [parts[0]]
    for part in parts[1:]:
        if "=" in part and not re.search(r"=\s*[\[{\"][^\]}\"]*$", pairs[-1]):
            pairs.append(part)
        else:
            pairs[-1] += f",{part}"
    return pairs


def _option(pair: str) -> tuple[str, object]:
    name, sign, value = pair.partition("=")
    if not sign or not name.strip():
        raise InvalidValue("there is no = in it")
    try:
        return name.strip(), json.loads(value)
    except ValueError:
        return name.strip(), value.strip()


def bounds(wants: str) -> ValueKind:
    """Upper ends of buckets, each above the one before; an infinite last one goes without
    saying."""

    def parse(value: object) -> tuple[float, ...]:
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list | tuple) or any(isinstance(each, bool) for each in parts):
            raise ValueError
        found = tuple(float(each) for each in parts)
        if found and found[-1] == math.inf:
            found = found[:-1]
        if not found:
            raise InvalidValue("there is none")
        if len(found) > _BUCKETS_MAX:
            raise InvalidValue(f"there are more than {_BUCKETS_MAX}")
        if not all(map(math.isfinite, found)):
            raise ValueError
        if any(low >= high for low, high in pairwise(found)):
            raise InvalidValue("they do not grow")
        return found

    return ValueKind("list", wants, parse, lambda found: ",".join(_short(each) for each in found))


def networks(wants: str) -> ValueKind:
    """IP addresses or networks, such as `10.0.0.0/8`."""
    return names(wants, check=lambda word: ipaddress.ip_network(word, strict=False))


def people(wants: str, *, roles: bool) -> ValueKind:
    """Names with passwords, which are told in no message; `roles` between them or not."""

    def check(word: str) -> None:
        try:
            parse_person(word, with_role=roles)
        except ValueError as error:
            raise InvalidValue(str(error)) from None

    return names(wants, check=check)


def optional(kind: ValueKind) -> ValueKind:
    """The same, or `none` for no bound."""

    def parse(value: object) -> Any:
        return None if value == "none" else kind.parse(value)

    def show(value: Any) -> str:
        return "none" if value is None else kind.show(value)

    return ValueKind(kind.name, f"{kind.wants}, or none", parse, show)


def _short(value: float) -> str:
    return repr(value).removesuffix(".0")


def _between(value: N, low: N, high: N, show: Callable[[Any], str]) -> N:
    if value < low:
        raise InvalidValue(f"it is below {show(low)}")
    if value > high:
        raise InvalidValue(f"it is above {show(high)}")
    return value
