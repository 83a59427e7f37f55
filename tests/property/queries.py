"""Strategies: queries such as `parse` gives them, and tasks that they sometimes match."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from umbel.cluster.task import FLAGS, STATES, Task
from umbel.query.ast import (
    And,
    Argument,
    Between,
    Comparison,
    During,
    Has,
    Matches,
    Moment,
    Node,
    Not,
    Or,
    Words,
)
from umbel.query.fields import FIELDS, Field, Kind

#: The moment that relative times are about.
NOW: Final = 1_795_344_000.0

_ODD: Final = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=8
)
#: Texts that tasks and queries have in common.
LIKELY: Final = (
    "shop.send", "shop", "SEND", "celery@eu-1", "eu", "mail", "a b", "it's", "Straße", "STRASSE",
    "4711", "None", "x", "'", '"', "\\", "*", "?", ",", "a=b", "~a", "-a", "AND", "name:x", "ID",
    "%", "_", "É", "é", "3f9c2a1b7d04", "3f9c2a1b7d04 ValueError: no <n>", "ValueError: no <n>",
)  # fmt: skip
_LIKELY: Final = st.sampled_from(LIKELY)
values: Final = st.one_of(_LIKELY, _ODD)
_patterns: Final = st.builds(
    "".join, st.lists(st.one_of(st.just("*"), st.just("?"), _LIKELY), min_size=1, max_size=4)
).filter(lambda text: "*" in text or "?" in text)
_keys: Final = st.one_of(
    st.sampled_from(["0", "1", "order_id", "items.0.id", "a", "a.b", "odd key", "q:1"]), _ODD
)
_seconds: Final = st.one_of(
    st.sampled_from([0.0, 0.2, 0.5, 1.0, 5.0, 60.0, 90.0, 7_200.0, 86_400.0, 1e-6]),
    st.floats(0, 1e9, allow_subnormal=False).filter(lambda number: not 0 < number < 1e-9),
)
_moments: Final = st.one_of(
    st.builds(Moment, absolute=st.integers(0, 300_000_000_000).map(float)),
    st.builds(Moment, absolute=st.floats(0, 3e9).filter(lambda number: not 0 < number < 1e-9)),
    st.builds(Moment, absolute=st.integers(19_000, 21_000).map(lambda day: day * 86_400.0)),
    st.builds(Moment, relative=_seconds),
    st.builds(Moment, relative=_seconds.map(lambda seconds: -seconds)),
)

_OF_KIND: Final[dict[Kind, list[Field]]] = {
    kind: [field for field in FIELDS.values() if field.kind is kind] for kind in Kind
}


def _field(*kinds: Kind) -> st.SearchStrategy[Field]:
    return st.sampled_from([field for kind in kinds for field in _OF_KIND[kind]])


@st.composite
def _matches(draw: st.DrawFn) -> Matches:
    field = draw(_field(Kind.STATE, Kind.ID, Kind.TEXT, Kind.LONG))
    if field.kind is Kind.STATE:
        states = st.lists(st.sampled_from(STATES), min_size=1, max_size=3, unique=True)
        return Matches("state", Comparison.EQUALS, tuple(draw(states)))
    if field.kind is Kind.LONG:
        how = draw(st.sampled_from([Comparison.EQUALS, Comparison.CONTAINS]))
        return Matches(field.name, how, (draw(values),))
    how = draw(st.sampled_from(list(Comparison)))
    text = _patterns if how is Comparison.GLOB else values
    return Matches(field.name, how, tuple(draw(st.lists(text, min_size=1, max_size=3))))


@st.composite
def _between(draw: st.DrawFn) -> Between:
    field = draw(_field(Kind.COUNT, Kind.DURATION))
    bounds = sorted(draw(st.lists(_seconds, min_size=1, max_size=2)))
    low_open, high_open = draw(st.booleans()), draw(st.booleans())
    if len(bounds) == 2:
        return Between(field.name, bounds[0], bounds[1], low_open, high_open)
    if draw(st.booleans()):
        return Between(field.name, low=bounds[0], low_open=low_open)
    return Between(field.name, high=bounds[0], high_open=high_open)


@st.composite
def _during(draw: st.DrawFn) -> During:
    field = draw(_field(Kind.TIME))
    low, high = draw(st.tuples(_moments, _moments))
    if draw(st.booleans()):
        return During(field.name, low=low)
    if draw(st.booleans()):
        return During(field.name, high=high)
    if (low.relative is None) == (high.relative is None) and low.at(0) > high.at(0):
        low, high = high, low
    return During(field.name, low, high)


@st.composite
def _argument(draw: st.DrawFn) -> Argument:
    how = draw(st.sampled_from(list(Comparison)))
    value = draw(_patterns if how is Comparison.GLOB else values)
    return Argument(draw(_keys), value, how)


leaves: Final[st.SearchStrategy[Node]] = st.one_of(
    st.builds(Words, values),
    _matches(),
    _between(),
    _during(),
    _argument(),
    st.builds(Has, st.sampled_from([*FIELDS, *FLAGS])),
)


def _flat(kind: type[And | Or], nodes: list[Node]) -> Node:
    flat: list[Node] = []
    for node in nodes:
        flat.extend(node.nodes if isinstance(node, kind) else (node,))
    return kind(tuple(flat))


def _compound(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        st.builds(Not, inner),
        several.map(lambda nodes: _flat(And, nodes)),
        several.map(lambda nodes: _flat(Or, nodes)),
    )


queries: Final[st.SearchStrategy[Node]] = st.recursive(leaves, _compound, max_leaves=6)

_times: Final = st.one_of(
    st.none(), st.integers(-10_000, 10_000).map(lambda ago: NOW + ago), st.floats(1e9, 2e9)
)
_texts: Final = st.one_of(st.none(), values)
_reprs: Final = st.one_of(
    st.none(),
    st.dictionaries(
        st.sampled_from(["order_id", "a", "odd key", "items"]),
        st.one_of(values, st.integers(0, 9), st.lists(st.dictionaries(st.just("id"), values))),
        max_size=3,
    ).map(repr),
    values,
)
_fields: Final[dict[str, st.SearchStrategy[Any]]] = {
    "uuid": values,
    "state": st.sampled_from(STATES),
    "seen": st.floats(1e9, 2e9),
    "timestamp": st.floats(1e9, 2e9),
    "runtime": st.one_of(st.none(), _seconds),
    "wait": st.one_of(st.none(), _seconds),
    "retries": st.integers(0, 5),
    "args": st.one_of(_reprs, st.lists(values, max_size=3).map(tuple).map(repr)),
    "kwargs": _reprs,
    "flags": st.lists(st.sampled_from(FLAGS), unique=True).map(tuple),
    **dict.fromkeys(
        ("name", "worker", "queue", "root_id", "parent_id", "group_id", "chord_id", "result",
         "exception", "traceback", "exchange", "routing_key", "client"),
        _texts,
    ),
    **dict.fromkeys(
        ("sent", "received", "started", "finished", "succeeded", "failed", "retried", "revoked",
         "rejected", "eta", "expires"),
        _times,
    ),
}  # fmt: skip
tasks: Final[st.SearchStrategy[Task]] = st.builds(Task, **_fields)
