"""Searches taken apart, and held against tasks of every kind."""

from __future__ import annotations

from typing import Any

import pytest
from celery.events.state import State

from umbel import (
    parse_search_terms,
    satisfies_search_terms,
    task_args_contains_search_args,
)
from umbel.errors import QueryError

TASK: dict[str, Any] = {
    "uuid": "7f0c",
    "name": "shop.my_task",
    "state": "FAILURE",
    "worker": {"hostname": "celery@eu-1"},
    "args": "(1, 'ann@example.org')",
    "kwargs": "{'user': 4, 'note': 'some text'}",
    "result": None,
    "exception": "KeyError('sku')",
    "traceback": "Traceback: KeyError: 'sku'",
}


def test_a_search_is_taken_apart_by_field() -> None:
    terms = parse_search_terms("name:my_task state:FAILURE kwargs:user=4 text")

    assert terms == {
        "name": "my_task",
        "state": ["FAILURE"],
        "kwargs": {"user": "4"},
        "any": "text",
    }


def test_an_empty_search_asks_for_nothing() -> None:
    assert parse_search_terms("") == parse_search_terms(None) == {}
    assert satisfies_search_terms(TASK, {})


def test_quotes_keep_words_together() -> None:
    assert parse_search_terms('"some text" result:"not found"') == {
        "any": "some text",
        "result": "not found",
    }


def test_several_terms_of_a_field_are_a_list() -> None:
    assert parse_search_terms("one two args:1 args:2 state:FAILURE,RETRY") == {
        "any": ["one", "two"],
        "args": ["1", "2"],
        "state": ["FAILURE", "RETRY"],
    }


def test_what_only_the_query_language_knows_stays_text() -> None:
    terms = parse_search_terms("runtime:>5s -name:noise worker:eu")

    assert terms == {"worker": "eu", "query": "runtime:>5s -name:noise"}


def test_a_search_that_cannot_be_understood_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="The quote is not closed"):
        parse_search_terms('"half')
    with pytest.raises(QueryError):
        parse_search_terms("state:BROKEN")


@pytest.mark.parametrize(
    "search",
    [
        "name:my_task state:FAILURE kwargs:user=4 text",
        "worker:eu-1",
        "args:ann",
        "traceback:keyerror",
        "MY_TASK",
        "kwargs:note",
        "-name:other",
        'kwargs:note="some text"',
    ],
)
def test_a_task_satisfies_what_it_has(search: str) -> None:
    assert satisfies_search_terms(TASK, parse_search_terms(search))
    assert satisfies_search_terms(TASK, search)


@pytest.mark.parametrize(
    "search",
    ["name:my_task state:SUCCESS", "worker:us", "kwargs:user=5", "result:x", "text nowhere"],
)
def test_one_term_that_does_not_hold_is_enough_to_fail(search: str) -> None:
    assert not satisfies_search_terms(TASK, parse_search_terms(search))


def test_terms_can_be_made_by_hand() -> None:
    assert satisfies_search_terms(TASK, {"state": "failure", "kwargs": {"user": 4}})
    with pytest.raises(ValueError, match="no search term 'nam': the terms are any, name"):
        satisfies_search_terms(TASK, {"nam": "x"})


def test_real_containers_are_searched_as_their_reprs_are() -> None:
    task = {**TASK, "args": [1, "ann@example.org"], "kwargs": {"user": 4}}

    assert satisfies_search_terms(task, "args:ann kwargs:user=4")
    assert not satisfies_search_terms(task, "kwargs:user=44")


def test_tasks_of_celery_are_searched_too() -> None:
    state = State()
    state.event(
        {
            "type": "task-received", "uuid": "u1", "name": "shop.send", "hostname": "w1@eu",
            "timestamp": 1.0, "local_received": 1.0, "clock": 1, "args": "(7,)",
            "kwargs": "{'user': 4}",
        }
    )  # fmt: skip

    task = state.tasks["u1"]

    assert satisfies_search_terms(task, "name:send worker:eu kwargs:user=4 state:RECEIVED")
    assert not satisfies_search_terms(task, "state:SUCCESS")


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ("(1, 'abc')", ["abc"]),
        ("(1, 'abc')", ["1", "abc"]),
        ("(1, 2)", "2"),
        ([1, 2], [2]),
        ([1, 2], ["2"]),
        (("abcdef", 7), ["cde"]),
        ([[1, {"deep": "text"}]], ["text"]),
        ({"user": 4}, {"user": 4}),
        ({"user": 4}, {"user": "4"}),
        ({"user": 4}, ["user=4"]),
        ({"user": 4}, ["4"]),
        ("{'user': 4}", {"user": 4}),
        ("{'user': 'ann'}", ["user=ann"]),
        (((1,), {"user": 4}), ["1", "user=4"]),
        ("(1,)", []),
    ],
)
def test_arguments_contain_what_is_among_them(arguments: object, wanted: Any) -> None:
    assert task_args_contains_search_args(arguments, wanted)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ("(1, 'abc')", ["abc", "x"]),
        ([10, 20], ["1"]),
        ({"user": 4}, {"user": 5}),
        ({"user": 4}, {"name": 4}),
        ("{'user': 44}", {"user": 4}),
        (None, ["x"]),
        ("", []),
        ([], ["x"]),
        ([None], ["x"]),
    ],
)
def test_arguments_do_not_contain_what_is_not(arguments: object, wanted: Any) -> None:
    assert not task_args_contains_search_args(arguments, wanted)
