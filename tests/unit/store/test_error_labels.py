"""One error among thousands is found by its id, and by nothing that only looks like one."""

from __future__ import annotations

from umbel.query.ast import Comparison
from umbel.query.error_terms import error_comparison
from umbel.store.sqlite.files.error_labels import ErrorLabels

LABELS = {
    1: "3f9c2a1b7d04 KeyError: <text>",
    2: "00000000beef KeyError: <text>",
    3: "1234567890ab 3f9c2a1b7d04",  # a type that looks like an id
}


def test_candidates_are_all_that_the_comparison_lets_through() -> None:
    labels = ErrorLabels()
    for number, label in LABELS.items():
        labels.add(label, number)

    for value in ("3f9c2a1b7d04", "3F9C2A1B7D04", LABELS[2], LABELS[3], "ffffffffffff"):
        candidates = labels.candidates([value])
        test = error_comparison(Comparison.EQUALS, [value])
        meant = {number for number, label in LABELS.items() if test(label)}
        assert candidates is not None
        assert meant <= candidates
        assert len(candidates) <= 2


def test_a_title_may_be_of_any_error() -> None:
    assert ErrorLabels().candidates(["KeyError: <text>"]) is None
    assert ErrorLabels().candidates(["3f9c2a1b7d04", "KeyError"]) is None
