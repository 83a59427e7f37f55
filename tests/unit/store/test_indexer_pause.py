"""While much comes and nobody looks, the search index rests longer."""

from __future__ import annotations

import math

from umbel.store.sqlite.text.indexer import pause_s


def test_the_index_of_a_steady_stream_rests_longer_while_nobody_looks() -> None:
    usual = pause_s(0, is_looked_at=False)

    assert pause_s(1_500, is_looked_at=False) > usual
    assert pause_s(1_500, is_looked_at=True) == usual


def test_a_few_tasks_are_indexed_soon() -> None:
    assert pause_s(20, is_looked_at=False) == pause_s(0, is_looked_at=True)


def test_what_was_there_at_the_start_is_no_stream() -> None:
    assert pause_s(1_000_000 - math.inf, is_looked_at=False) == pause_s(0, is_looked_at=False)
