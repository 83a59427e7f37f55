"""What a query needs of a task's texts."""

from __future__ import annotations

import re
from typing import Final

from umbel.cluster.task import STATES
from umbel.query.ast import And, Argument, Has, How, Matches, Node, Or, Words
from umbel.query.fields import FIELDS
from umbel.query.folding import fold
from umbel.store.sqlite.text.argument_text_filter import of_argument
from umbel.store.sqlite.text.text_filter import AllOf, AnyOf, InState, Literal, Need

_IN_TEXTS: Final = frozenset(
    {"uuid", "args", "kwargs", "result", "exception", "traceback", "client", "exchange",
     "routing_key"}
)  # fmt: skip


def need_of(node: Node) -> Need | None:
    """What `node` needs; None if that cannot be said of texts."""
    match node:
        case And(nodes):
            return _all([need for each in nodes if (need := need_of(each)) is not None])
        case Or(nodes):
            needs = [need_of(each) for each in nodes]
            known = [need for need in needs if need is not None]
            return AnyOf(tuple(known)) if known and len(known) == len(needs) else None
        case Words(text):
            return _words(fold(text))
        case Matches(field, how, values) if FIELDS[field].name in _IN_TEXTS:
            texts = [_of_text(how, fold(value)) for value in values]
            known = [need for need in texts if need is not None]
            return AnyOf(tuple(known)) if known and len(known) == len(texts) else None
        case Argument():
            return of_argument(node)
        case Has():
            return None
        case _:
            return None


def _all(needs: list[Need]) -> Need | None:
    return AllOf(tuple(needs)) if needs else None


def _words(wanted: str) -> Need | None:
    if not wanted:
        return None
    states = tuple(state for state in STATES if wanted in fold(state))
    literal = Literal(wanted)
    return AnyOf((literal, InState(states))) if states else literal


def _of_text(how: How, wanted: str) -> Need | None:
    pieces = re.split(r"[*?]+", wanted) if how is How.GLOB else [wanted]
    return _all([Literal(piece) for piece in pieces if piece])
