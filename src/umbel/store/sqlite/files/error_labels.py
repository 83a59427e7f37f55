"""The numbers of errors by their ids: one error is found among ten thousand without comparing it
with each.

`error:` asks for a whole id, title or label (`query/error_terms.py`). Of values that begin with an
id only those errors can be meant that have it, and those whose very title looks like one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from umbel.query.error_terms import begins_with_id, error_id, error_title
from umbel.query.folding import fold


class ErrorLabels:
    """The labels of one partition. They are only ever added."""

    def __init__(self) -> None:
        self._by_id: dict[str, tuple[int, ...]] = {}
        #: Of which the title could be taken for an id.
        self._like_ids: list[int] = []

    def add(self, label: str, number: int) -> None:
        key = fold(error_id(label))
        self._by_id[key] = (*self._by_id.get(key, ()), number)
        if begins_with_id(fold(error_title(label))):
            self._like_ids.append(number)

    def candidates(self, values: Sequence[str]) -> set[int] | None:
        """The numbers of all that may equal one of these values; None where that may be any."""
        folded = [fold(value) for value in values]
        if not all(map(begins_with_id, folded)):
            return None
        return {*self._like_ids, *self._of(folded)}

    def _of(self, folded: Sequence[str]) -> Iterator[int]:
        for value in folded:
            yield from self._by_id.get(error_id(value), ())
