"""Spelling suggestions: the nearest known word for a wrong one."""

from __future__ import annotations

from collections.abc import Iterable

#: Longer words are no misspellings of ours.
WORD_MAX = 32
#: Shorter words are near to too much.
WORD_MIN = 3


def nearest(word: str, right: Iterable[str]) -> str | None:
    """The word of `right` that was likely meant, whatever the case; None if none is near.

    Near is one edit (a letter more, less, other, or two swapped) for short words, two for
    longer ones, or that `word` is how it begins.
    """
    typed = word.lower()
    if not WORD_MIN <= len(typed) <= WORD_MAX:
        return None
    allowed = 1 if len(typed) <= 5 else 2
    near = [
        (0 if each.lower().startswith(typed) else distance(typed, each.lower()), len(each), each)
        for each in right
    ]
    edits, _, best = min(near, default=(allowed + 1, 0, ""))
    return best if edits <= allowed else None


def distance(one: str, other: str) -> int:
    """How many edits lie between two words; two swapped neighbours are one edit."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, right in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
