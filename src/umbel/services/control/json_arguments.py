"""Whether arguments can be sent as JSON: of values that JSON has, and of a size and depth that a
message may have."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

#: Larger or deeper arguments are not sent again without a person's edit.
TEXT_MAX: Final = 65_536
DEPTH_MAX: Final = 100
VALUES_MAX: Final = 1_000_000


class UnsendableArguments(Exception):
    """Why something does not give arguments, as the end of a sentence."""


def as_json(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [as_json(each) for each in value]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise UnsendableArguments("hold keys that are no text, which JSON has not")
        return {key: as_json(each) for key, each in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        raise UnsendableArguments("hold a number that JSON has not (NaN or infinity)")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise UnsendableArguments(f"hold a {type(value).__name__}, which JSON has not")


def sendable(value: Any) -> Any:
    """`value` itself, if it is JSON of a size and depth that can be sent."""
    count = 0
    level: list[Any] = [value]
    for _ in range(DEPTH_MAX):
        deeper: list[Any] = []
        for each in level:
            deeper += _within(each)
        count += len(deeper)
        if count > VALUES_MAX:
            raise UnsendableArguments(f"hold more than {VALUES_MAX:,} values")
        if not deeper:
            return value
        level = deeper
    raise UnsendableArguments(f"are nested more than {DEPTH_MAX} levels deep")


def _within(value: object) -> Iterable[Any]:
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, dict):
        as_json(dict.fromkeys(value))
        return value.values()
    as_json(value)
    return ()
