"""Search terms that the ledger decides: `is:repeated`, and `action:ID`.

Which tasks were sent again, and which an action sent, stands in the ledger, beside the history
that searches read. So these terms are replaced by the ids that the ledger has for them, at
most `LISTED_MAX`, the newest; whoever follows a query live follows those of its beginning.
"""

from __future__ import annotations

from typing import Final

from umbel.query.ast import EVERYTHING, And, Comparison, Has, Matches, Node, Not, Or
from umbel.store.ledger import Ledger

#: So many tasks can be listed by what was done to them.
LISTED_MAX: Final = 10_000
_NOTHING: Final = Not(EVERYTHING)


def resolved(node: Node, ledger: Ledger | None) -> Node:
    """The query with ids in the place of what only the ledger knows; without a ledger nothing
    was ever done. Raises `StoreError`."""
    match node:
        case And(nodes):
            return And(tuple(resolved(each, ledger) for each in nodes))
        case Or(nodes):
            return Or(tuple(resolved(each, ledger) for each in nodes))
        case Not(inner):
            return Not(resolved(inner, ledger))
        case Has("repeated"):
            found = ledger.repetitions(limit=LISTED_MAX) if ledger is not None else ()
            return _these({each.repeats: None for each in found})
        case Matches("action", _, actions):
            ids: dict[str, None] = {}
            if ledger is None:
                return _NOTHING
            for action in actions:
                found = ledger.repetitions(action_id=action, limit=LISTED_MAX)
                ids |= {each.task_id: None for each in found}
            return _these(ids)
    return node


def _these(ids: dict[str, None]) -> Node:
    return Matches("uuid", Comparison.EQUALS, tuple(ids)[:LISTED_MAX]) if ids else _NOTHING
