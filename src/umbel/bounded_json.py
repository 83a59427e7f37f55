"""JSON from others, as it is really written, at a bounded cost.

Python writes NaN, Infinity and halves of surrogate pairs into its JSON, which no strict reader
takes, so a lenient one follows. It is slower and takes more memory, so it gets smaller texts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from umbel.characters import encodable
from umbel.json_size import holds_more

#: More values are not made: these are about fifty megabytes.
VALUES_MAX: Final = 200_000
#: Longer texts are only read strictly, bytes, unless they are ASCII: a single other character
#: makes four bytes of each.
LENIENT_MAX: Final = 4 * 2**20
#: Texts of this length can be read without being counted before, bytes.
COUNTED_FROM: Final = 256 * 2**10
#: Python turns no longer text into a whole number, characters.
_DIGITS_MAX: Final = 4_000

#: Larger whole numbers are nobody's, and take long to write out, bits.
BITS_MAX: Final = 1_024

_encode: Final = msgspec.json.Encoder().encode
_strict: Final = msgspec.json.Decoder().decode


class ValueTooLarge(ValueError):
    """A text holds more than is made of one."""


def read_json(body: bytes, constant: Callable[[str], object] = float) -> object:
    """The values in `body`. `constant` makes one of `NaN`, `Infinity` and `-Infinity`.

    Raises `ValueError` for what is not JSON, `ValueTooLarge` for what holds too much of it,
    `RecursionError` for what is nested too deeply.
    """
    if len(body) > COUNTED_FROM and holds_more(body, VALUES_MAX):
        raise ValueTooLarge(f"it holds more than {VALUES_MAX:,} values")
    try:
        return _strict(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        if is_too_long(body):
            raise ValueError(str(error)) from error
    return lenient_json(body.decode("utf-8-sig", "replace"), constant)


def is_too_long(body: bytes) -> bool:
    """Whether reading it leniently would take too much memory."""
    return len(body) > LENIENT_MAX and not body.isascii()


def lenient_json(text: str, constant: Callable[[str], object] = float) -> object:
    """What Python reads as JSON, control characters in strings included. Raises `ValueError` or
    `RecursionError`."""
    return json.loads(text, strict=False, parse_int=_whole, parse_constant=constant)


def _whole(digits: str) -> float:
    return int(digits) if len(digits) <= _DIGITS_MAX else float(digits)


def strict(value: object) -> object:
    """The value in JSON as everybody reads it: halves of surrogate pairs become their escapes,
    numbers that JSON has not their names, everything else its text. Raises `RecursionError`."""
    match value:
        case Mapping():
            return {encodable(str(key)): strict(inner) for key, inner in value.items()}
        case list() | tuple():
            return [strict(inner) for inner in value]
        case _:
            return strict_scalar(value)


def strict_scalar(value: object) -> object:
    """The same for what holds no other values."""
    match value:
        case str():
            return encodable(value)
        case None | bool():
            return value
        case int():
            return value if value.bit_length() <= BITS_MAX else "..."
        case float():
            return value if math.isfinite(value) else str(value)
        case bytes() | bytearray():
            return bytes(value).decode("utf-8", "backslashreplace")
        case _:
            return encodable(str(value))


def is_strict(value: object) -> bool:
    """Whether strict JSON says the value as it is."""
    match value:
        case dict():
            return all(is_strict(key) and is_strict(inner) for key, inner in value.items())
        case list():
            return all(map(is_strict, value))
        case _:
            return strict_scalar(value) is value


def encode_json(value: object) -> bytes:
    """JSON of any value of ours, whatever texts and numbers from elsewhere are in it."""
    try:
        return _encode(value)
    except (ValueError, OverflowError):  # UnicodeEncodeError is a ValueError
        return _encode(strict(msgspec.to_builtins(value)))
