"""Values that fields were seen with, from the tables of shared values."""

from __future__ import annotations

from collections import Counter

from umbel.query.folding import fold
from umbel.store.base import Suggestion
from umbel.store.sqlite.search.reader import Reader

SUGGESTED = ("name", "state", "worker", "queue", "key")


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
            vocabulary = partition.vocabulary
            for text, value in vocabulary.of(field).items():
                if wanted in fold(text):
                    counts[text] += vocabulary.counts.get(value, 0)
    found = sorted(
        ((text, n) for text, n in counts.items() if n > 0),
        key=lambda pair: (not fold(pair[0]).startswith(wanted), -pair[1], pair[0]),
    )
    return tuple(Suggestion(text, n) for text, n in found[:limit])
