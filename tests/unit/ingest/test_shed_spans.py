"""What was left out is a gap from the first to the last of it."""

from __future__ import annotations

from umbel.cluster.gaps import Gap
from umbel.services.ingest.shed_spans import PART_S, ShedSpans

T = 1_800_000_000.0


def test_nothing_left_out_is_no_gap() -> None:
    assert ShedSpans().take(T) == ()


def test_what_was_left_out_is_one_gap_once_it_is_over() -> None:
    spans = ShedSpans()
    spans.note(T - 3, T)
    spans.note(T + 1, T + 1.5)

    assert spans.take(T + 2) == ()
    assert spans.take(T + 4) == (Gap(T - 3, T + 1.5, "shed"),)
    assert spans.take(T + 9) == ()


def test_a_long_flood_is_told_in_parts() -> None:
    spans = ShedSpans()
    spans.note(T, T + PART_S)

    assert spans.take(T + PART_S) == (Gap(T, T + PART_S, "shed"),)


def test_a_clock_that_is_set_back_ends_the_gap() -> None:
    spans = ShedSpans()
    spans.note(T, T + 1)

    assert spans.take(T - 3_600) == (Gap(T, T + 1, "shed"),)
