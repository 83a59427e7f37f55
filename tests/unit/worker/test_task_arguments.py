"""The complete arguments that a worker tells of a task's message, and when it tells none."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from celery.utils.saferepr import saferepr
from hypothesis import given
from hypothesis import strategies as st

from umbel.worker.task_arguments import complete_arguments

MAX = 60_000
LONG = "x" * 3_000

values: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


def request(args: Any, kwargs: Any, **changed: Any) -> SimpleNamespace:
    """A worker's request of a task that was sent with these."""
    body = json.dumps([list(args), kwargs, {"callbacks": None, "chain": None}]).encode()
    known = {
        "body": body,
        "content_type": "application/json",
        "argsrepr": saferepr(tuple(args), 1024),
        "kwargsrepr": saferepr(kwargs, 1024),
    }
    return SimpleNamespace(**{**known, **changed})


@given(st.lists(values, max_size=4), st.dictionaries(st.text(max_size=8), values, max_size=4))
def test_whatever_json_holds_is_told_as_it_was_sent(args: Any, kwargs: Any) -> None:
    told = complete_arguments(request(args, kwargs), MAX)

    assert json.loads(told["args_json"]) == args
    assert json.loads(told["kwargs_json"]) == kwargs


def test_what_events_cut_is_told_as_a_whole() -> None:
    told = complete_arguments(request([LONG, {"a": {"b": {"c": {"d": 1}}}}], {"note": LONG}), MAX)

    assert json.loads(told["args_json"]) == [LONG, {"a": {"b": {"c": {"d": 1}}}}]
    assert json.loads(told["kwargs_json"]) == {"note": LONG}


def test_tuples_are_lists_in_a_message() -> None:
    sent = saferepr(((1, (2,)),), 1024)

    assert complete_arguments(request([[1, [2]]], {}, argsrepr=sent), MAX)["args_json"] == (
        "[[1, [2]]]"
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"argsrepr": "('***',)"},
        {"kwargsrepr": "{'card': '****'}"},
        {"argsrepr": None},
        {"content_type": "application/x-python-serialize", "body": b"\x80\x04]."},
        {"body": b"{}"},
        {"body": b'["no list", {}, {}]'},
    ],
)
def test_what_a_sender_hides_or_json_has_not_is_not_told(changed: dict[str, Any]) -> None:
    assert complete_arguments(request(["4111 1111"], {"card": "4111"}, **changed), MAX) == {}


def test_a_message_beyond_the_bound_is_not_told() -> None:
    assert complete_arguments(request([LONG], {}), 2_000) == {}
