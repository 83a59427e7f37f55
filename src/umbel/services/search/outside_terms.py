"""Search terms that no history decides: `is:repeated`, `action:ID` and `cluster:NAME`.

Which tasks were sent again, and which an action sent, stands in the ledger, beside the history
that searches read. So these terms are replaced by the ids that the ledger has for them, at
most `LISTED_MAX`, the newest; whoever follows a query live follows those of its beginning. A
history is of one cluster, so `cluster:NAME` means everything in it or nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from umbel.query.ast import EVERYTHING, And, Comparison, Has, Matches, Node, Not, Or
from umbel.query.fields import FIELDS
from umbel.query.match import text_test
from umbel.store.ledger import Ledger

#: So many tasks can be listed by what was done to them.
LISTED_MAX: Final = 10_000
_NOTHING: Final = Not(EVERYTHING)


def absent_clusters(node: Node, cluster_names: Collection[str]) -> tuple[str, ...]:
    """What the terms `cluster:NAME` of a query want that none of these names is."""
    match node:
        case And(nodes) | Or(nodes):
            found = [each for inner in nodes for each in absent_clusters(inner, cluster_names)]
            return tuple(dict.fromkeys(found))
        case Not(inner):
            return absent_clusters(inner, cluster_names)
        case Matches("cluster", how, values):
            return tuple(each for each in values if not _any_is(how, (each,), cluster_names))
    return ()


def _any_is(how: Comparison, values: tuple[str, ...], cluster_names: Collection[str]) -> bool:
    compares = text_test(FIELDS["cluster"], how, values)
    return any(compares(name) for name in cluster_names)


class OutsideTerms:
    """What the ledger of one cluster knows, None where nothing was ever done, and what the
    cluster is called: by its settings and by people."""

    def __init__(self, ledger: Ledger | None = None, cluster_names: tuple[str, ...] = ()) -> None:
        self._ledger = ledger
        self._cluster_names = cluster_names

    def resolved(self, node: Node) -> Node:
        """The query with ids, everything or nothing in the place of such terms. Raises
        `StoreError`."""
        match node:
            case And(nodes):
                return _all_of([self.resolved(each) for each in nodes])
            case Or(nodes):
                return Or(tuple(self.resolved(each) for each in nodes))
            case Not(inner):
                return Not(self.resolved(inner))
            case Has("cluster"):
                return EVERYTHING
            case Matches("cluster") as term:
                is_called = _any_is(term.how, term.values, self._cluster_names)
                return EVERYTHING if is_called else _NOTHING
            case Has("repeated"):
                return self._repeated()
            case Matches("action", _, actions):
                return self._sent_by(actions)
        return node

    def _repeated(self) -> Node:
        ledger = self._ledger
        found = ledger.repetitions(limit=LISTED_MAX) if ledger is not None else ()
        return _these({each.repeats: None for each in found})

    def _sent_by(self, actions: tuple[str, ...]) -> Node:
        ids: dict[str, None] = {}
        if self._ledger is None:
            return _NOTHING
        for action in actions:
            found = self._ledger.repetitions(action_id=action, limit=LISTED_MAX)
            ids |= {each.task_id: None for each in found}
        return _these(ids)


def _all_of(nodes: list[Node]) -> Node:
    """Without what everything matches, so that a store sees the plain query behind it."""
    left = tuple(each for each in nodes if each != EVERYTHING)
    return left[0] if len(left) == 1 else And(left)


def _these(ids: dict[str, None]) -> Node:
    return Matches("uuid", Comparison.EQUALS, tuple(ids)[:LISTED_MAX]) if ids else _NOTHING
