"""What is hidden of the tasks of a name, in texts of events and in values."""

from __future__ import annotations

import pytest
from celery.exceptions import MaxRetriesExceededError

from umbel.redact.rules import Redactor, RedactRules

RULES = RedactRules(
    positions={"proj.pay": (1,), "proj.*": (2,)},
    arguments=("mail.*",),
    results=("proj.export",),
    exceptions=("proj.login",),
    tracebacks=("proj.*",),
)


def test_positions_of_all_patterns_that_fit_are_hidden() -> None:
    redactor = Redactor(RULES)

    assert redactor.args_text("proj.pay", "(1, 2, 3)") == "(1, <hidden>, <hidden>)"
    assert redactor.args("proj.pay", [1, 2, 3]) == [1, "<hidden>", "<hidden>"]
    assert redactor.args_text("other", "(1, 2, 3)") == "(1, 2, 3)"
    assert redactor.args("proj.pay", {"a": 1}) == "<hidden>"
    assert redactor.args("proj.pay", None) is None


def test_arguments_results_and_errors_are_hidden_whole() -> None:
    redactor = Redactor(RULES)

    assert redactor.args("mail.send", ["a"]) == "<hidden>"
    assert redactor.kwargs("mail.send", {"to": "a"}) == "<hidden>"
    assert redactor.kwargs("mail.send", {}) == {}
    assert redactor.result("proj.export", [1]) == "<hidden>"
    assert redactor.result("proj.pay", [1]) == [1]
    assert redactor.exception_text("proj.pay", "ValueError(1)") == "ValueError(1)"
    assert redactor.traceback_text("proj.pay", "Traceback") == "<hidden>"


def test_a_hidden_error_is_not_told_by_its_traceback_either() -> None:
    redactor = Redactor(RedactRules(exceptions=("proj.login",)))

    assert redactor.exception_text("proj.login", "ValueError('bob')") == "<hidden>"
    assert redactor.traceback_text("proj.login", "... ValueError: bob") == "<hidden>"


def test_without_a_name_whatever_is_hidden_of_any_task_is_hidden() -> None:
    redactor = Redactor(RULES)

    assert redactor.args_text(None, "(1,)") == "<hidden>"
    assert redactor.result_text(None, "1") == "<hidden>"
    assert Redactor(RedactRules()).result_text(None, "1") == "1"


def test_values_are_hidden_by_their_keys_however_deep_and_within_strings() -> None:
    redactor = Redactor(RedactRules())
    value = {
        "user": {"name": "bob", "Password": "x", "tags": [{"api_key": 5}, ("token", "y"), 1]},
        "body": '{"secret": "z"}',
        "pin": None,
    }

    assert redactor.value(value) == {
        "user": {"name": "bob", "Password": "<hidden>", "tags": [{"api_key": "<hidden>"},
                                                                 ["token", "<hidden>"], 1]},
        "body": '{"secret": <hidden>}',
        "pin": None,
    }  # fmt: skip


def test_values_of_other_serializers_are_hidden_too() -> None:
    redactor = Redactor(RedactRules())

    assert redactor.value({b"password": b"x", "n": b"y"}) == {b"password": "<hidden>", "n": b"y"}
    assert redactor.value([(b"Authorization", b"Bearer x")]) == [[b"Authorization", "<hidden>"]]
    assert redactor.value(b'{"token": "x"}') == '{"token": <hidden>}'
    assert redactor.value({("token", "x")}) == [["token", "<hidden>"]]
    assert redactor.value(b"\xff") == b"\xff"


def test_options_of_commands_and_first_elements_of_lists_are_names() -> None:
    redactor = Redactor(RedactRules())

    assert redactor.value(["mysql", "--password", "x", "-h"]) == [
        "mysql",
        "--password",
        "<hidden>",
        "-h",
    ]
    assert redactor.value(["token", "x", "y"]) == ["token", "<hidden>", "y"]
    assert redactor.value(["y", "token", "x"]) == ["y", "token", "x"]


def test_a_value_is_hidden_by_the_name_beside_it() -> None:
    redactor = Redactor(RedactRules())
    given = [{"name": "DB_PASSWORD", "value": "x"}, {"key": "HOST", "value": "y"}, {"value": "z"}]

    assert redactor.value(given) == [{"name": "DB_PASSWORD", "value": "<hidden>"}, *given[1:]]
    both = {"name": "a", "key": "b", "password": "x"}
    assert redactor.value(both) == {**both, "password": "<hidden>"}


def test_a_value_too_deep_to_be_searched_is_hidden() -> None:
    deep: object = {"password": "x"}
    pairs: object = {"password": "x"}
    for _ in range(500):
        deep, pairs = [deep], [pairs, 1]

    assert "'x'" not in repr(Redactor(RedactRules()).value(deep))
    assert "'x'" not in repr(Redactor(RedactRules()).value(pairs))


def test_of_several_names_what_any_hides_is_hidden() -> None:
    redactor = Redactor(RULES)

    assert redactor.args(("a shadow", "mail.send"), ["a"]) == "<hidden>"
    assert redactor.args_text(("proj.pay", "other"), "(1, 2, 3)") == "(1, <hidden>, <hidden>)"
    assert redactor.result((), [1]) == "<hidden>"


@pytest.mark.parametrize("name", ["celery.starmap", "celery.chunks", "celery.chord_unlock"])
def test_tasks_of_celery_that_carry_others_are_hidden_with_them(name: str) -> None:
    redactor = Redactor(RULES)

    assert redactor.kwargs_text(name, "{'task': proj.pay(), 'it': [(1, 4111)]}") == "<hidden>"
    assert redactor.result(name, [1]) == "<hidden>"
    assert Redactor(RedactRules()).result(name, [1]) == [1]


def test_errors_that_repeat_arguments_show_them_no_more_than_the_task_does() -> None:
    error = "Can't retry proj.pay[0a-1] args:('bob', '4111') kwargs:{'n': 1}"
    text = repr(MaxRetriesExceededError(error))
    for shown in (
        Redactor(RULES).exception_text("proj.pay", text),
        Redactor(RULES).traceback_text(None, error),
        Redactor(RedactRules(positions={"proj.pay": (1,)})).traceback_text("proj.pay", error),
    ):
        assert "4111" not in shown
    assert "4111" in Redactor(RedactRules()).exception_text("proj.pay", text)


def test_a_chord_does_not_tell_a_hidden_error_of_its_header() -> None:
    text = "ChordError('Dependency 0a-1 raised ValueError(4111)')"

    assert Redactor(RULES).exception_text("proj.body", text) == "<hidden>"
    assert Redactor(RedactRules()).exception_text("proj.body", text) == text
