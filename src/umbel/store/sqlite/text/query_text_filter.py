"""The text filter of a query: what every task that matches it has in its texts."""

from __future__ import annotations

import re
from typing import Final

from umbel.cluster.task import STATES
from umbel.query.ast import And, Argument, Comparison, Has, Matches, Node, Or, Words
from umbel.query.fields import FIELDS
from umbel.query.folding import fold
from umbel.store.sqlite.files.columns import IN_BODY
from umbel.store.sqlite.text.argument_text_filter import argument_text_filter
from umbel.store.sqlite.text.text_filter import AllOf, AnyOf, InState, Literal, TextFilter

_IN_TEXTS: Final = frozenset({"uuid", *IN_BODY})
#: Of more ids no filter is made (`is:repeated` and `action:ID` stand for up to 10,000): each takes
#: a millisecond, and a page would never come.
_IDS_MAX: Final = 50


def query_text_filter(node: Node) -> TextFilter | None:
    """What texts every match of `node` has; None if texts cannot tell."""
    match node:
        case And(nodes):
            return _all(
                [
                    text_filter
                    for each in nodes
                    if (text_filter := query_text_filter(each)) is not None
                ]
            )
        case Or(nodes):
            parts = [query_text_filter(each) for each in nodes]
            present = [text_filter for text_filter in parts if text_filter is not None]
            return AnyOf(tuple(present)) if present and len(present) == len(parts) else None
        case Words(text):
            return _words(fold(text))
        case Matches("uuid", Comparison.EQUALS, values) if len(values) > _IDS_MAX:
            return None  # a column tells as much
        case Matches(field, how, values) if FIELDS[field].name in _IN_TEXTS:
            texts = [_of_text(how, fold(value)) for value in values]
            present = [text_filter for text_filter in texts if text_filter is not None]
            return AnyOf(tuple(present)) if present and len(present) == len(texts) else None
        case Argument():
            return argument_text_filter(node)
        case Has():
            return None
        case _:
            return None


def _all(parts: list[TextFilter]) -> TextFilter | None:
    return AllOf(tuple(parts)) if parts else None


def _words(wanted: str) -> TextFilter | None:
    if not wanted:
        return None
    states = tuple(state for state in STATES if wanted in fold(state))
    literal = Literal(wanted)
    return AnyOf((literal, InState(states))) if states else literal


def _of_text(how: Comparison, wanted: str) -> TextFilter | None:
    pieces = re.split(r"[*?]+", wanted) if how is Comparison.GLOB else [wanted]
    return _all([Literal(piece) for piece in pieces if piece])
