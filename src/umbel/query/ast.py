"""The abstract syntax tree of a query, as frozen structs.

`parse` makes it from text, `match` decides it for one task, `describe` turns it into a
sentence, a store into what its database understands. Relative times stay relative in the
tree, so that a live query slides with the clock; whoever evaluates it brings the time.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Comparison(StrEnum):
    """The comparison of a field's text: equal, part of it, or a pattern."""

    EQUALS = "equals"  # uuid:ID, root:ID, state:FAILURE
    GLOB = "glob"  # name:shop.* (whole value; * any run of characters, ? any one)
    CONTAINS = "contains"  # worker:~eu, and every text of arguments, results and errors


class Words(msgspec.Struct, frozen=True, tag=True):
    """Free text: contained, whatever its case, in the name, id, state, worker, queue, args,
    kwargs, result, exception or traceback (each for itself, never across two)."""

    text: str


class Matches(msgspec.Struct, frozen=True, tag=True):
    """A text field compares so with any one of `values`."""

    field: str
    how: Comparison
    values: tuple[str, ...]


class Moment(msgspec.Struct, frozen=True, tag=True):
    """A point in time: `relative` seconds from now when set (negative is the past), else
    `absolute` Unix seconds."""

    absolute: float | None = None
    relative: float | None = None

    def at(self, now: float) -> float:
        if self.relative is not None:
            return now + self.relative
        return self.absolute if self.absolute is not None else now


class Between(msgspec.Struct, frozen=True, tag=True):
    """A number (seconds, or a count) of the field lies within these bounds; None is open."""

    field: str
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False


class During(msgspec.Struct, frozen=True, tag=True):
    """A time of the field lies within [low, high); None is open."""

    field: str
    low: Moment | None = None
    high: Moment | None = None


class Argument(msgspec.Struct, frozen=True, tag=True):
    """A positional argument (`key` is its index) or a keyword argument of that name has
    this value, compared as text with its repr, quotes aside. `key` may be a dotted path
    into nested dictionaries and lists. `umbel.query.arguments` reads the reprs."""

    key: str
    value: str
    how: Comparison = Comparison.EQUALS


class Has(msgspec.Struct, frozen=True, tag=True):
    """The field has any value at all (`has:traceback`), or the flag is set
    (`is:redelivered`)."""

    field: str


class Not(msgspec.Struct, frozen=True, tag=True):
    node: Node


class And(msgspec.Struct, frozen=True, tag=True):
    nodes: tuple[Node, ...]


class Or(msgspec.Struct, frozen=True, tag=True):
    nodes: tuple[Node, ...]


Node = Words | Matches | Between | During | Argument | Has | Not | And | Or

#: The query that everything matches.
EVERYTHING = And(())
