"""How much a msgpack text holds, told before any of it is made.

Five bytes announce a list of four thousand million values, for which a decoder may take memory
at once; and keys that are lists can be chosen so that all of them collide in a dict, which then
takes the square of their number. So the heads of the values are read first, and nothing else.
Source: the msgpack specification, `Formats`.
"""

from __future__ import annotations

from typing import Final

from umbel.bounded_json import ValueTooLarge

#: By first byte: how many bytes of size follow it, and how many bytes besides the size.
_SIZED: Final = {
    0xC4: (1, 0), 0xC5: (2, 0), 0xC6: (4, 0), 0xC7: (1, 1), 0xC8: (2, 1), 0xC9: (4, 1),
    0xD9: (1, 0), 0xDA: (2, 0), 0xDB: (4, 0),
}  # fmt: skip
#: By first byte: how many bytes follow it.
_FIXED: Final = {
    0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1,
    0xD1: 2, 0xD2: 4, 0xD3: 8, 0xD4: 2, 0xD5: 3, 0xD6: 5, 0xD7: 9, 0xD8: 17,
}  # fmt: skip
#: By first byte: how many bytes tell the length, and how many values each entry has.
_CONTAINERS: Final = {0xDC: (2, 1), 0xDD: (4, 1), 0xDE: (2, 2), 0xDF: (4, 2)}


def check_msgpack(body: bytes, *, values_max: int, depth_max: int) -> None:
    """Raises `ValueTooLarge` for more or deeper values than these, `ValueError` for keys that are
    lists or maps, and for what is cut off or goes on behind its end."""
    at, count, size = 0, 0, len(body)
    #: How many values each open list or map still lacks, the innermost last, and whether it
    #: is a map, whose keys are every second one.
    open_ones: list[list[int]] = [[1, 0]]
    while open_ones:
        inner = open_ones[-1]
        if not inner[0]:
            open_ones.pop()
            continue
        is_key = inner[1] and inner[0] % 2 == 0
        inner[0] -= 1
        count += 1
        if count > values_max:
            raise ValueTooLarge(f"it holds more than {values_max:,} values")
        if at >= size:
            raise ValueError("it is cut off")
        first = body[at]
        at += 1
        if first <= 0x7F or first >= 0xE0:
            continue
        if first in _FIXED:
            at += _FIXED[first]
        elif 0xA0 <= first <= 0xBF:
            at += first & 0x1F
        elif first in _SIZED:
            width, more = _SIZED[first]
            at += width + more + int.from_bytes(body[at : at + width], "big")
        else:
            width, each, length = _container(first, body, at)
            at += width
            if is_key:
                raise ValueError("a key in it is a list or a map")
            if length > values_max:
                raise ValueTooLarge(f"it holds more than {values_max:,} values")
            if len(open_ones) > depth_max:
                raise ValueTooLarge(f"it is nested more than {depth_max} levels deep")
            open_ones.append([length * each, each - 1])
    if at != size:
        raise ValueError("it does not end where its value does")


def _container(first: int, body: bytes, at: int) -> tuple[int, int, int]:
    """Bytes of the length, values of an entry, entries."""
    if first <= 0x8F:
        return 0, 2, first & 0x0F
    if first <= 0x9F:
        return 0, 1, first & 0x0F
    if first not in _CONTAINERS:
        raise ValueError("it holds a byte that begins nothing (0xc1)")
    width, each = _CONTAINERS[first]
    return width, each, int.from_bytes(body[at : at + width], "big")
