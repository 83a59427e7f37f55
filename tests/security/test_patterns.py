"""A pattern of any kind meets a long text in bounded time, and finds what it should."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from umbel.query import globbing
from umbel.query.globbing import glob

LONG = 65_536
#: As long as patterns can be.
HARD = {
    "question marks": "*" + "?" * 3_900 + "x*",
    "pairs": "*?" * 2_000 + "x",
    "letters and question marks": "*" + "a?" * 2_000 + "b*",
    "stars": "*a" * 2_000 + "*b",
    "a long end": "*" + "a?" * 2_000 + "b",
    "stretches": ("*" + "a?" * 50 + "a") * 40 + "b*",
    "behind a letter": "*a" + "?" * 3_900 + "*b",
    "many letters": "*" + "".join(f"{chr(97 + i % 26)}?" for i in range(2_000)) + "*",
}
patterns = st.text(st.sampled_from("ab*?"), max_size=10)
texts = st.text(st.sampled_from("ab"), max_size=12)


def fits(pattern: str, text: str) -> bool:
    """What a pattern means, by the book: which beginnings of it fit the text so far."""
    fitting = {0}
    for character in [*text, ""]:
        for at in sorted(fitting):
            while at < len(pattern) and pattern[at] == "*":
                at += 1
                fitting.add(at)
        if character:
            stay = {at for at in fitting if pattern[at : at + 1] == "*"}
            fitting = stay | {at + 1 for at in fitting if pattern[at : at + 1] in ("?", character)}
    return len(pattern) in fitting


@given(patterns, texts)
@example("*?", "")
@example("?*?*a", "aba")
def test_a_pattern_means_what_it_says(pattern: str, text: str) -> None:
    assert glob(pattern)(text) == fits(pattern, text)


@given(patterns, texts)
def test_a_long_pattern_in_a_long_text_means_the_same(pattern: str, text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(globbing, "_TRIED_MAX", 0)

        assert glob(pattern)(text) == fits(pattern, text)


@pytest.mark.parametrize("text", ["a" * LONG, "ab" * (LONG // 2), "a?" * (LONG // 2)])
@pytest.mark.parametrize("pattern", HARD.values(), ids=HARD)
def test_eight_times_the_text_takes_no_more_than_in_proportion(pattern: str, text: str) -> None:
    test = glob(pattern)
    test(text[:10])

    little = min(cpu_s(test, text[: LONG // 8]) for _ in range(2))
    much = min(cpu_s(test, text) for _ in range(2))

    # The square would be 64 times as much; what is faster than the clock's tick is no matter.
    assert much < 30 * little + 0.1


def cpu_s(test: globbing.TextTest, text: str) -> float:
    begun = time.thread_time()
    test(text)
    return time.thread_time() - begun
