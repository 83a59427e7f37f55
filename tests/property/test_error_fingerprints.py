"""Fingerprints of any text: they never fail, and say the same of the same error."""

from __future__ import annotations

from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.examples import examples
from umbel.cluster.error_fingerprint import error_fingerprint
from umbel.cluster.error_message import MESSAGE_MAX, steady_message

_LINES = Path("tests/fixtures/tracebacks/corpus.jsonl").absolute().read_bytes().splitlines()
_CORPUS = [msgspec.json.decode(line, type=dict[str, str | None]) for line in _LINES]
_TEXTS = [text for told in _CORPUS for text in (told["exception"], told["traceback"]) if text]
_PIECES = sorted({line for text in _TEXTS for line in text[:3_000].split("\n")})
_ODD = st.text(max_size=30)
_texts = st.one_of(
    _ODD,
    st.lists(st.one_of(st.sampled_from(_PIECES), _ODD), max_size=12).map("\n".join),
    st.tuples(st.sampled_from(_TEXTS), st.integers(0, 3_000), st.integers(0, 3_000)).map(
        lambda cut: cut[0][cut[1] : cut[1] + cut[2]]
    ),
)
_words = st.text("abcdefghijkl", min_size=1, max_size=8)
_numbers = st.integers(0, 10**12)


@settings(max_examples=examples(300))
@given(st.none() | _texts, st.none() | _texts)
def test_any_texts_have_a_fingerprint_and_always_the_same(
    exception: str | None, traceback: str | None
) -> None:
    found = error_fingerprint(exception, traceback)

    assert found == error_fingerprint(exception, traceback)
    if not exception and not traceback:
        assert found is None
    else:
        assert found is not None
        assert len(found.message) <= MESSAGE_MAX
        assert "\n" not in found.label


@given(_words, _words, _numbers, _numbers, _words)
def test_numbers_and_quoted_text_make_no_difference(
    before: str, after: str, one: int, other: int, quoted: str
) -> None:
    said = f"{before} {one} {after} '{quoted} {one}' [{one}, {other}] {before}"
    again = f"{before} {other} {after} '{quoted}' [{other}] {before}"

    assert steady_message(said) == steady_message(again)


@given(st.lists(_words, min_size=1, max_size=9))
def test_words_alone_stay_as_they_are(words: list[str]) -> None:
    text = " ".join(words)

    assert steady_message(text) == text[:MESSAGE_MAX]
