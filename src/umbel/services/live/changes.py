"""`LiveChanges`: what changed for one query, as the event `changes` of a live stream says it."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

Row = TypeVar("Row")


class LiveChanges(msgspec.Struct, Generic[Row], frozen=True):
    """What changed up to change number `seq`: tasks that match, as they are now, oldest change
    first; the ids of those among them that did not match before; ids of tasks that do not match
    (or no longer); and how many changed tasks are left out."""

    seq: int
    items: tuple[Row, ...] = ()
    new: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    skipped: int = 0
