"""Durations and sizes as people write them: numbers with a unit, `1h30min` or `20GB`."""

from __future__ import annotations

import re
from typing import Any

DURATIONS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
#: Other words for units, as searches and rules have them (`query.quantities.UNITS`).
SPELLINGS = {
    **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "mins", "minute", "minutes"), "min"),
    **dict.fromkeys(("hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("day", "days"), "d"),
    **dict.fromkeys(("week", "weeks"), "w"),
}
SIZES = {
    "B": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}


class InvalidValue(ValueError):
    """A value that cannot be; the message completes "it must be ..., but ..."."""


def show_duration(seconds: float) -> str:
    """In the longest unit that gives a whole number."""
    for unit in ("w", "d", "h", "min", "s"):
        count = seconds / DURATIONS[unit]
        if count >= 1 and count == int(count):
            return f"{int(count)}{unit}"
    return f"{round(seconds * 1000)}ms"


def show_size(count: int) -> str:
    """In the longest unit that gives a whole number."""
    for unit, scale in sorted(SIZES.items(), key=lambda item: -item[1]):
        if count >= scale and count % scale == 0:
            return f"{count // scale}{unit}"
    return f"{count}B"


def text_of(value: object) -> str:
    """A text that is not empty, without spaces around it. Raises `ValueError`."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidValue("it is empty") if value == "" else ValueError
    return value.strip()


def amount_of(value: object, units: dict[str, Any], examples: str) -> float:
    """The sum of a text's numbers, each times its unit. Raises `ValueError`, as `InvalidValue`
    where more can be said: a guess at a missing unit would be wrong for someone."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise InvalidValue(f"it has no unit; write for example {examples}")
    written = text_of(value).replace(" ", "")
    if re.fullmatch(r"[\d.]+", written):
        raise InvalidValue(f"it has no unit; write for example {examples}")
    parts = re.findall(r"(\d+(?:\.\d+)?)([A-Za-z]+)", written)
    if "".join(amount + unit for amount, unit in parts) != written:
        raise ValueError
    scales = {unit.lower(): scale for unit, scale in units.items()}
    scales |= {word: scales[unit] for word, unit in SPELLINGS.items() if unit in scales}
    unknown = next((unit for _, unit in parts if unit.lower() not in scales), None)
    if unknown is not None:
        raise InvalidValue(f"{unknown} is no unit; there are {', '.join(units)}")
    return float(sum(float(amount) * scales[unit.lower()] for amount, unit in parts))
