"""Those of the chosen tasks that a person may not act on: how many, why, and the first of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from umbel.services.control.targets import Target, TargetSelection
from umbel.store.base import Count, Store

#: So many are shown, counted in a search, and looked for so long (seconds).
_SHOWN: Final = 20
_COUNTED_MAX: Final = 1_000_000
_COUNT_S: Final = 1.0
_NOT_COUNTED: Final = (
    "Not all of those that are left out because they are not permitted were counted in time."
)


class OutsideTargets:
    """Filled while a plan is made: `counts` by the sentence that says why, the `first` of them,
    `whys` by their ids, as a plan has them."""

    def __init__(self, selection: TargetSelection) -> None:
        self._selection = selection
        self._by_state: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.first: list[Target] = []
        self.whys: dict[str, tuple[None, str]] = {}
        self.troubles: list[str] = []

    def without(self, targets: Iterable[Target]) -> Iterator[Target]:
        """The targets within the bounds; the others are kept here."""
        for target in targets:
            refusal = target.refusal(self._selection.bounds)
            if refusal is None:
                yield target
                continue
            self.counts[refusal] += 1
            if target.task is not None:
                self._by_state[target.task.state] += 1
            self._show(target, refusal)

    def taken_from(self, counted: Count) -> Count:
        """The number of tasks that a search found, without those that turned out not to be within
        the bounds: a search does not tell upper from lower case."""
        if not self._by_state:
            return counted
        groups = {
            state: left
            for state, number in counted.groups.items()
            if (left := number - self._by_state[state]) > 0
        }
        total = max(0, counted.total - self._by_state.total())
        return msgspec.structs.replace(counted, total=total, groups=groups)

    def search(self, store: Store) -> None:
        """Count what the search of the plan leaves out, and find the first of it."""
        selection = self._selection
        if not selection.bounds:
            return
        refusal = selection.bounds[0].refusal
        counted = store.count(
            selection.outside(), now=selection.now, cap=_COUNTED_MAX, budget_s=_COUNT_S
        )
        if not counted.complete or counted.capped:
            self.troubles.append(_NOT_COUNTED)
        if not counted.total:
            return
        self.counts[refusal] += counted.total
        page = store.search(
            selection.wanted_outside(), now=selection.now, limit=_SHOWN, budget_s=_COUNT_S
        )
        for task in page.items:
            self._show(Target(task.uuid, task), refusal)

    def _show(self, target: Target, refusal: str) -> None:
        if len(self.first) < _SHOWN:
            self.first.append(target)
            self.whys[target.uuid] = (None, refusal)
