"""How wide the columns of a table are at a terminal.

Where the screen is too narrow the widest columns give first. What names a row (its name, the
beginning of its id) stays readable, and numbers and times stay whole, since `1,0…` is another
number; what does not fit beside them is left out, the last columns first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

#: Between columns.
GAP: Final = "  "
#: Columns with ids. One that is longer than `_ID_WHOLE` is taken by its beginning.
_IDS: Final = frozenset({"id", "task", "task_id", "uuid"})
_ID_WHOLE: Final = 16
#: Columns with what tells one row from others.
_NAMES: Final = frozenset(
    {
        "action",
        "entry",
        "error",
        "hostname",
        "name",
        "query",
        "sentence",
        "subject",
        "target",
        "title",
    }
)
#: Digits that mean something else once they are cut: numbers, shares, times.
_DIGITS: Final = re.compile(r"[-+\d,.:/% ]*")
#: No column is narrower, lest its head cannot be read.
_HEAD: Final = 4


class _Floors(NamedTuple):
    """How narrow columns may become: ids, names, and the heads of others."""

    ids: int
    names: int
    heads: int


#: Each is tried where the one before is not enough. An id is taken by eight characters.
_STAGES: Final = (_Floors(13, 24, 8), _Floors(9, 24, _HEAD), _Floors(9, 16, _HEAD))
#: No other text is narrower: states and spans of time are whole.
_TEXT: Final = 8


class Column(NamedTuple):
    """One column as it is: how wide its head and its widest value are, and whether all of its
    values are `digits`."""

    name: str
    head: int
    values: int
    digits: bool

    @property
    def width(self) -> int:
        return max(self.head, self.values)

    def floor(self, floors: _Floors) -> int:
        """How narrow it may become."""
        if self.name in _IDS:
            return self.width if self.width <= _ID_WHOLE else floors.ids
        if self.name in _NAMES:
            return min(self.width, floors.names)
        least = self.values if self.digits else min(self.values, _TEXT)
        return max(_HEAD, least, min(self.head, floors.heads))


def is_digits(values: Sequence[str]) -> bool:
    """Whether these mean something else once they are cut."""
    return all(_DIGITS.fullmatch(value) for value in values)


def widths_of(columns: Sequence[Column], screen: int) -> dict[str, int]:
    """The columns that fit into so many characters, in their order, with the width of each."""
    if (found := _fitting(columns, screen)) is not None:
        return found
    shown = _with_room(columns, screen)
    if (found := _fitting(shown, screen)) is not None:
        return found
    room = screen - len(GAP) * (len(shown) - 1)
    return _shared(_narrowed(shown, _STAGES[-1], room), room)


def _fitting(columns: Sequence[Column], screen: int) -> dict[str, int] | None:
    """Their widths, if they fit."""
    room = screen - len(GAP) * (len(columns) - 1)
    for floors in _STAGES:
        narrowed = _narrowed(columns, floors, room)
        if sum(narrowed.values()) <= room:
            return narrowed
    return None


def _with_room(columns: Sequence[Column], screen: int) -> list[Column]:
    """Those that name a row, and of the others the first that fit beside them."""
    naming = [each for each in columns if each.name in _IDS | _NAMES] or [*columns[:1]]
    used = sum(each.floor(_STAGES[-1]) + len(GAP) for each in naming) - len(GAP)
    shown = set(naming)
    for each in columns:
        needs = each.floor(_STAGES[-1]) + len(GAP)
        if each not in shown and used + needs <= screen:
            used += needs
            shown.add(each)
    return [each for each in columns if each in shown]


def _narrowed(columns: Sequence[Column], floors: _Floors, room: int) -> dict[str, int]:
    """Widths that fit into the room, as far as no column is narrower than it may be."""
    least = {each.name: each.floor(floors) for each in columns}
    found = {each.name: each.width for each in columns}
    while sum(found.values()) > room:
        wide = [name for name in found if found[name] > least[name]]
        if not wide:
            break
        found[max(wide, key=lambda name: found[name])] -= 1
    return found


def _shared(widths: Mapping[str, int], room: int) -> dict[str, int]:
    """The room of a screen on which not even names fit."""
    found = dict(widths)
    while sum(found.values()) > room and max(found.values()) > _HEAD:
        found[max(found, key=lambda name: found[name])] -= 1
    return found
