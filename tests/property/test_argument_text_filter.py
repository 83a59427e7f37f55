"""However a repr writes an argument, what is asked of the search index finds it."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.examples import examples
from umbel.cluster.events import Event
from umbel.cluster.facts import pack
from umbel.query.ast import Argument, Comparison
from umbel.query.match import argument_test
from umbel.store.sqlite.text.argument_text_filter import argument_text_filter
from umbel.store.sqlite.text.body_prefilter import FOLDING_TO_ASCII, body_prefilter
from umbel.store.sqlite.text.joined_bodies_cache import JoinedBodies
from umbel.store.sqlite.text.joined_prefilter import joined_prefilter
from umbel.store.sqlite.text.text_filter import (
    AFTER,
    BEFORE,
    BLANKS,
    AllOf,
    Edge,
    InState,
    Literal,
    TextFilter,
    document_text,
)
from umbel.store.sqlite.text.texts import texts

_blanks = st.one_of(st.just(""), st.just(" "), st.text(st.sampled_from(BLANKS), max_size=3))
_quotes = st.sampled_from(["", "'", '"', "b'", 'u"', "Rb'"])
_KEYS = ("order_id", "Order_Id", "id", "x", "0", "a.id", "order_id.")
_VALUES = ("7", "33", "3305", "ab C", "a:b", "set", "k-1", "-")
_odd_keys = st.sampled_from(["or\\x64er_id", "order_\u0131d", "other"])
_odd_values = st.sampled_from(["\u017fet", "\\x33305", "", "33051"])


@st.composite
def written(draw: st.DrawFn) -> tuple[str, str, str]:
    """Keyword arguments, written in some way, and a key and a value that they often have."""
    key, value = draw(st.sampled_from(_KEYS)), draw(st.sampled_from(_VALUES))
    keys = st.sampled_from([key, key, key.upper(), key.rpartition(".")[2]])
    values = st.sampled_from([value, value, value, value.upper()])
    text = draw(st.sampled_from(["{", " {", "{'other': 1, ", "{'order_id': 9, ", "{a: {"]))
    for part, after in ((st.one_of(keys, keys, _odd_keys), ":"),
                        (st.one_of(values, values, _odd_values), "")):  # fmt: skip
        quote = draw(_quotes)
        text += draw(_blanks) + quote + draw(part) + quote[-1:] + draw(_blanks) + after
    return text + draw(st.sampled_from(["}", ", 'more': 2}", "", ", ...", "]", ">"])), key, value


def in_index(need: TextFilter, text: str) -> bool:
    """Whether the index would find a task with this text."""
    if isinstance(need, Literal):
        return need.text in text
    if isinstance(need, Edge):
        before = f"[{re.escape(BEFORE)}]" if need.first else ""
        after = f"[{re.escape(AFTER)}]" if need.last else ""
        return re.search(before + re.escape(need.text) + after, text) is not None
    if isinstance(need, InState):
        return False
    joined = all if isinstance(need, AllOf) else any
    return joined(in_index(each, text) for each in need.parts)


@settings(max_examples=examples(1_000))
@given(written(), st.sampled_from([Comparison.EQUALS, Comparison.EQUALS, Comparison.CONTAINS]))
def test_an_argument_that_is_read_is_found(told: tuple[str, str, str], how: Comparison) -> None:
    kwargs, key, value = told
    node = Argument(key, value, how)
    need = argument_text_filter(node)
    packed = pack((Event(type="task-sent", timestamp=1.0, hostname="c", uuid="u", kwargs=kwargs),))
    if need is None or not argument_test(node)(None, kwargs):
        return

    assert in_index(need, document_text(texts(packed)))
    assert body_prefilter(need)(packed, "PENDING")
    passes = joined_prefilter(need)
    assert passes is None or passes(JoinedBodies((packed + packed).lower()))


def test_every_character_that_folds_to_ascii_is_known() -> None:
    odd = {
        character
        for character in map(chr, range(0x80, 0x11_0000))
        if any(folded.isascii() for folded in character.casefold())
    }

    assert odd == set(FOLDING_TO_ASCII)
    assert all(
        folded.isalpha() for character in odd for folded in character.casefold() if folded.isascii()
    )


def test_every_blank_that_is_stripped_is_known() -> None:
    assert {each for each in map(chr, range(0x11_0000)) if not each.strip()} == set(BLANKS)
