"""How many tasks of a plan were sent again already, of those too that it does not look at.

A retry leaves them out, so a number without them would be confirmed that is never sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from umbel.query.ast import And, Comparison, Matches
from umbel.services.control.argument_recovery import repeated
from umbel.services.control.targets import Target, TargetSelection
from umbel.services.search.outside_terms import LISTED_MAX
from umbel.store.base import Count, Store
from umbel.store.ledger import Ledger

_COUNT_S: Final = 1.0
NOT_ALL: Final = (
    "Of those that were sent again already not all were counted, so there may be fewer to send "
    "than this says. They are left out all the same."
)


class Repeats(msgspec.Struct, frozen=True):
    """Of all that are chosen those that were sent again, or may have been: how many by the sentence
    for that, and by state; `trouble` is what is to be said where that is not all."""

    by_sentence: Mapping[str, int]
    by_state: Mapping[str, int]
    trouble: str | None = None


def repeated_in_all(
    selection: TargetSelection, states: Mapping[str, str], store: Store, ledger: Ledger
) -> Repeats:
    """Those of a search, among the `LISTED_MAX` that were sent again last; or those of the ids
    that are named, of which `states` has the states. Raises `StoreError`."""
    if selection.query is None:
        found = repeated(_targets(states), ledger, store)
        return Repeats(Counter(found.values()), Counter(states[uuid] for uuid in found))
    listed = ledger.repetitions(limit=LISTED_MAX)
    ids = dict.fromkeys(each.repeats for each in listed)
    why = repeated(_targets(ids), ledger, store)
    is_all = len(listed) < LISTED_MAX
    by_sentence: Counter[str] = Counter()
    by_state: Counter[str] = Counter()
    for sentence in {*why.values()}:
        those = tuple(uuid for uuid, each in why.items() if each == sentence)
        counted = _count(selection, those, store)
        by_sentence[sentence] = counted.total
        by_state.update(counted.groups)
        is_all = is_all and counted.complete
    return Repeats(by_sentence, by_state, None if is_all else NOT_ALL)


def _targets(ids: Iterable[str]) -> list[Target]:
    return [Target(uuid, None) for uuid in ids]


def _count(selection: TargetSelection, ids: Sequence[str], store: Store) -> Count:
    query = And((selection.within(), Matches("uuid", Comparison.EQUALS, tuple(ids))))
    return store.count(query, now=selection.now, by="state", cap=LISTED_MAX, budget_s=_COUNT_S)
