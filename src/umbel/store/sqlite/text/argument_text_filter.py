"""The text filter of a single argument: what a task's texts have where it has the argument.

However a repr is written, a value that `query.arguments` reads stands between two of a few
characters: brackets, commas, colons, quotes, blanks, or the text's end. A plain value with
one of them on either side is rare, so keys, which nearly all tasks have, need not be asked
for.

A repr may also spell a plain character as an escape. Texts that do so carry a mark in the
index, and are always looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from umbel.query.ast import Argument, Comparison
from umbel.query.folding import fold
from umbel.store.sqlite.text.text_filter import ESCAPED, AllOf, AnyOf, Edge, Literal, TextFilter

_UNESCAPED: Final = re.compile(r"[0-9a-z_ .:/@+-]+")
_UNESCAPED_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


def argument_text_filter(node: Argument) -> TextFilter | None:
    """What every task with this argument has; None if texts cannot tell."""
    parts = [*_of_value(fold(node.value), node.how), *_of_key(node.key.partition(".")[0])]
    return AnyOf((AllOf(tuple(parts)), Literal(ESCAPED))) if parts else None


def _of_key(first: str) -> Iterator[TextFilter]:
    if _UNESCAPED_KEY.fullmatch(first) and not first.isdecimal():
        yield Literal(fold(first))


def _of_value(value: str, how: Comparison) -> Iterator[TextFilter]:
    """The plain parts of the value, with what encloses the whole of it."""
    pieces = re.split(r"[*?]+", value) if how is Comparison.GLOB else [value]
    last = len(pieces) - 1
    for number, piece in enumerate(pieces):
        if how is not Comparison.CONTAINS and _UNESCAPED.fullmatch(piece) and number in (0, last):
            yield Edge(piece, first=number == 0, last=number == last)
        else:
            yield from map(Literal, sorted(set(_UNESCAPED.findall(piece))))
