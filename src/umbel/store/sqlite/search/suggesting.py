"""Suggestions: values that fields were seen with, from the value dictionaries."""

from __future__ import annotations

from collections import Counter

from umbel.query.folding import fold
from umbel.store.base import Suggestion
from umbel.store.sqlite.files.columns import SHARED
from umbel.store.sqlite.search.reader import Reader

SUGGESTED = (*SHARED, "key")


def suggest(reader: Reader, field: str, prefix: str, limit: int) -> tuple[Suggestion, ...]:
    """See `Store.suggest`."""
    if field not in SUGGESTED:
        raise ValueError(f"values of {field} are not suggested")
    wanted = fold(prefix)
    counts: Counter[str] = Counter()
    for number in reader.numbers():
        with reader.partition(number) as partition:
            if partition is None:
                continue
            value_dictionary = partition.value_dictionary
            for text, value in value_dictionary.numbers_of(field).items():
                if wanted in fold(text):
                    counts[text] += value_dictionary.counts.get(value, 0)
    found = sorted(
        ((text, n) for text, n in counts.items() if n > 0),
        key=lambda pair: (not fold(pair[0]).startswith(wanted), -pair[1], pair[0]),
    )
    return tuple(Suggestion(text, n) for text, n in found[:limit])
