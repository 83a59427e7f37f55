"""What is hidden of the tasks of a name, in texts of events and in values."""

from __future__ import annotations

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


def test_a_value_too_deep_to_be_searched_is_hidden() -> None:
    deep: object = {"password": "x"}
    for _ in range(500):
        deep = [deep]

    assert "'x'" not in repr(Redactor(RedactRules()).value(deep))
