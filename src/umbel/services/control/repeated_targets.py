"""How many tasks of a plan were sent again already, of those too that it does not look at.

A retry leaves them out, so a number without them would be confirmed that is never sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

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


def repeated_in_all(
    selection: TargetSelection, named: Sequence[str], store: Store, ledger: Ledger
) -> tuple[Mapping[str, int], str | None]:
    """How many of all that are chosen were sent again, or may have been, by the sentence for that;
    and what is to be said where that is not all. `named` are the ids where no search chooses; of a
    search it is among the `LISTED_MAX` that were sent again last. Raises `StoreError`."""
    if selection.query is None:
        return Counter(repeated(_targets(named), ledger, store).values()), None
    listed = ledger.repetitions(limit=LISTED_MAX)
    ids = dict.fromkeys(each.repeats for each in listed)
    why = repeated(_targets(ids), ledger, store)
    is_all = len(listed) < LISTED_MAX
    counts: Counter[str] = Counter()
    for sentence in {*why.values()}:
        those = tuple(uuid for uuid, each in why.items() if each == sentence)
        counted = _count(selection, those, store)
        counts[sentence] = counted.total
        is_all = is_all and counted.complete
    return counts, None if is_all else NOT_ALL


def _targets(ids: Iterable[str]) -> list[Target]:
    return [Target(uuid, None) for uuid in ids]


def _count(selection: TargetSelection, ids: Sequence[str], store: Store) -> Count:
    query = And((selection.within(), Matches("uuid", Comparison.EQUALS, tuple(ids))))
    return store.count(query, now=selection.now, cap=LISTED_MAX, budget_s=_COUNT_S)
