"""Where the next page begins, as a text that only the store understands.

A cursor names the last row of a page by its sort value and its arrival, so that rows that
come, go or change elsewhere neither shift nor repeat anything. It also names the order, so
that it is not taken for a position in another one.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

from umbel.cluster.task import Task
from umbel.errors import CursorError
from umbel.query.fields import FIELDS
from umbel.query.orders import READ_ORDERS, SORTED_CHARACTERS
from umbel.store.base import Order

#: A longer text is no cursor of ours.
CURSOR_MAX = 4_096

Key = tuple[float, str]


class SortPosition(msgspec.Struct, frozen=True):
    """Where a row stands in an order: its value in the sort field (None if missing), and its
    arrival."""

    value: str | float | None
    arrival: int

    def sort_key(self) -> Key:
        """The value as something that compares with every other value of its field."""
        if isinstance(self.value, str):
            return (0.0, self.value)
        return (self.value if self.value is not None else 0.0, "")


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    order: str
    value: str | float | None
    arrival: int


def write_cursor(position: SortPosition, order: Order) -> str:
    """The cursor that goes on after `position`."""
    body = msgspec.json.encode(_Cursor(order_text(order), position.value, position.arrival))
    return urlsafe_b64encode(body).decode().rstrip("=")


def read_cursor(cursor: str, order: Order) -> SortPosition:
    """The position that `cursor` names. Raises `CursorError` for anything but a cursor that
    `write_cursor` gave for the same order."""
    wanted = order_text(order)
    try:
        if len(cursor) > CURSOR_MAX:
            raise ValueError("too long")
        body = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        read = msgspec.json.decode(body, type=_Cursor)
    except (ValueError, binascii.Error, msgspec.MsgspecError) as error:
        raise CursorError(
            "The cursor is not one that this store gave.", remedy="Begin at the first page."
        ) from error
    if read.order != wanted or not _fits(order.field, read.value):
        raise CursorError(
            "The cursor belongs to a list in another order.", remedy="Begin at the first page."
        )
    return SortPosition(value=read.value, arrival=read.arrival)


def order_text(order: Order) -> str:
    """The order as it is asked for, `-` for descending."""
    return f"-{order.field}" if order.descending else order.field


def sort_value(task: Task, field: str) -> str | float | None:
    """What `task` is sorted by in an order by `field`; of a long text, its beginning."""
    value: str | float | None = getattr(task, field)
    if field in READ_ORDERS and isinstance(value, str):
        return value[:SORTED_CHARACTERS]
    return value


def _fits(field: str, value: str | float | None) -> bool:
    """Whether a row can have this value in this field."""
    if field == "seen":
        return isinstance(value, int | float)
    if value is None:
        return field not in {"state", "changed"}
    searched = FIELDS.get(field)
    return isinstance(value, str) == (searched is not None and searched.is_text)
