"""How rare a token is taken to be."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from umbel.store.sqlite.costs import COSTS
from umbel.store.sqlite.text.text_index import PartitionTokens


class Sample(str):
    """A text that counts how often it is gone through."""

    times = 0

    def count(self, *args: Any) -> int:
        self.times += 1
        return super().count(*args)


def test_a_question_of_thousands_of_words_goes_through_the_sample_a_few_hundred_times() -> None:
    sample = Sample("parcel " * 100)
    partition: Any = SimpleNamespace(sample=(sample, 100), costs=COSTS)
    tokens = PartitionTokens(partition)

    common, rare = tokens.share("parc"), tokens.share("zzqx")
    shares = [tokens.share(f"{number:04}") for number in range(10_000)]

    assert common > 0.9 > 0.1 > rare > 0
    assert tokens.share("parc") == common
    assert set(shares) == {rare}
    assert sample.times <= COSTS.sampled_tokens
