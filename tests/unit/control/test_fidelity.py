"""How a retry knows its arguments."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from celery.utils.saferepr import saferepr
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.examples import examples
from umbel.broker.base import QueuedMessage
from umbel.cluster.task import Task
from umbel.results.base import Result
from umbel.services.control.fidelity import Arguments, arguments
from umbel.services.control.types import Edit


def a_task(args: str | None = "(1, 'two')", kwargs: str | None = "{}") -> Task:
    return Task(
        uuid="t",
        state="FAILURE",
        seen=1.0,
        timestamp=2.0,
        name="shop.pay",
        args=args,
        kwargs=kwargs,
    )


def a_result(**changed: Any) -> Result:
    known: dict[str, Any] = {
        "task_id": "t",
        "state": "FAILURE",
        "name": "shop.pay",
        "args": [1, "two"],
        "kwargs": {},
        "worker": "w1@host",
    }
    return Result(**known | changed)


def a_message(**changed: Any) -> QueuedMessage:
    known: dict[str, Any] = {"task_id": "t", "name": "shop.pay", "args": [1, "two"], "kwargs": {}}
    return QueuedMessage(**known | changed)


def literally(args: str | None, kwargs: str | None = "{}") -> Arguments:
    return arguments(a_task(args, kwargs))


def as_sent(value: Any) -> str:
    """The repr in the events of a task that is sent with `value`."""
    text: str = saferepr(value, 1024, maxlevels=3)
    return text


CUT = as_sent(("x" * 2000,))


def test_a_queued_message_gives_exactly_what_was_sent() -> None:
    found = arguments(a_task(CUT), queued=a_message(args=["x" * 2000], kwargs={"n": {"a": [1]}}))

    assert found == Arguments(fidelity="exact", args=["x" * 2000], kwargs={"n": {"a": [1]}})


def test_an_extended_result_gives_exactly_what_was_sent() -> None:
    found = arguments(a_task(CUT), result=a_result(args=["x" * 2000]))

    assert (found.fidelity, found.args) == ("exact", ["x" * 2000])


def of_worker(args: str, kwargs: str = "{}") -> Task:
    """A task of which the worker told its message as a whole."""
    return msgspec.structs.replace(a_task(CUT), args_json=args, kwargs_json=kwargs)


def test_what_the_worker_told_of_the_message_is_sent_exactly() -> None:
    found = arguments(of_worker('["a\\\\b", null]', '{"n": {"a": [1]}}'))

    assert found == Arguments(fidelity="exact", args=["a\\b", None], kwargs={"n": {"a": [1]}})


def test_the_workers_word_counts_more_than_a_result_whose_task_changed_its_arguments() -> None:
    task = msgspec.structs.replace(a_task("([1],)"), args_json="[[1]]", kwargs_json="{}")

    found = arguments(task, result=a_result(args=[[1, 2]]))

    assert (found.fidelity, found.args) == ("exact", [[1]])


@pytest.mark.parametrize("args", ['["<hidden>"]', "<hidden>", "{", "7", "[" * 100_000])
def test_what_is_hidden_or_broken_of_the_workers_word_is_not_sent(args: str) -> None:
    found = arguments(of_worker(args))

    assert found.fidelity is None
    assert found.why is not None
    assert found.why.startswith("What the worker told of the message cannot be used: ")


@pytest.mark.parametrize(
    ("result", "why"),
    [
        (a_result(args=None, kwargs=None), "result_extended"),
        (a_result(args="(1, 'two')"), "no list"),
        (a_result(kwargs="{}"), "no object"),
        (a_result(name="shop.refund"), "shop.refund"),
        (a_result(name=None), "which task"),
        (a_result(worker=None), "incomplete"),
        (a_result(task_id="other"), "another task"),
        (a_result(args=[float("nan")]), "NaN"),
    ],
)
def test_a_result_that_does_not_hold_the_arguments_is_not_believed(
    result: Result, why: str
) -> None:
    found = arguments(a_task(CUT), result=result)

    assert found.fidelity is None
    assert why in (found.why or "")


def test_a_result_without_arguments_leaves_a_whole_repr_in_force() -> None:
    found = arguments(a_task(), result=a_result(args=None, kwargs=None))

    assert (found.fidelity, found.args, found.why) == ("literal", [1, "two"], None)


def test_arguments_that_the_task_changed_while_it_ran_are_not_sent_again() -> None:
    found = arguments(a_task("([1],)"), result=a_result(args=[[1, 2]]))

    assert found.fidelity is None
    assert "not those that the events told" in (found.why or "")


@pytest.mark.parametrize(
    "message",
    [
        a_message(unreadable="It is pickled."),
        a_message(name="shop.refund"),
        a_message(task_id="other"),
        a_message(args=None),
    ],
)
def test_a_message_that_cannot_be_read_is_not_believed(message: QueuedMessage) -> None:
    assert arguments(a_task(CUT), queued=message).fidelity is None


def test_a_message_that_cannot_be_read_leaves_the_result_in_force() -> None:
    found = arguments(a_task(CUT), queued=a_message(args=None), result=a_result(args=["long"]))

    assert (found.fidelity, found.args) == ("exact", ["long"])


def test_a_whole_repr_gives_its_values() -> None:
    found = literally("(1, -2.5e-07, True, None, 'it\\'s', [], {'a': (1,)})", "{'k': 'v, w'}")

    assert found == Arguments(
        fidelity="literal",
        args=[1, -2.5e-07, True, None, "it's", [], {"a": [1]}],
        kwargs={"k": "v, w"},
    )


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (None, "were not seen"),
        ("", "no plain values"),
        (CUT, "..."),
        (as_sent(tuple(range(2000))), "cut by Celery"),
        (as_sent(([[["deep"]]],)), "cut by Celery"),
        (as_sent(("short " + "x" * 5000, "next")), "may have cut"),
        (as_sent(("wait...",)), "may have cut"),
        (as_sent(("C:\\new",)), "backslash"),
        (as_sent(("two\nlines",)), "line break"),
        (as_sent((b"bytes",)), "no plain value"),
        (as_sent(({1, 2},)), "set"),
        (as_sent((set(),)), "no plain value"),
        (as_sent((1 + 2j,)), "no plain value"),
        (as_sent((float("nan"),)), "NaN"),
        (as_sent((float("-inf"),)), "NaN or infinity"),
        ("(1e999,)", "NaN or infinity"),
        (as_sent(({1: "one"},)), "keys"),
        ("(<Order object at 0x7f0>,)", "only the application knows"),
        ("(datetime.date(2026, 1, 1),)", "no plain value"),
        ("('a' 'b',)", "no plain value"),
        ("('a''b',)", "no plain values"),
        ("('\N{SYMBOL FOR NULL}',)", "could not be kept"),
        ("(1, 2", "no plain values"),
        ("5", "no list"),
        ("'abc'", "no list"),
        ("(" * 10_000 + ")" * 10_000, "levels"),
        ("[" * 60_000, "levels"),
        ("(" + "-" * 60_000 + "1,)", "no plain value"),
        ("(" + "1," * 500_000 + ")", "longer than"),
        ("(" + "9" * 60_000 + ",)", "no plain value"),
        ("('" + "x" * 1_000_000 + "',)", "longer than"),
        ("(__import__('os').system('true'),)", "no plain value"),
    ],
)
def test_a_repr_that_may_not_be_whole_is_never_sent(args: str | None, why: str) -> None:
    found = literally(args)

    assert found.fidelity is None
    assert why in (found.why or "")
    assert (found.args, found.kwargs) == ([], {})


@pytest.mark.parametrize(
    "kwargs",
    [
        "{'card': '**** 5678'}",
        "{'card': '***'}",
        "{'name': 'Ada L…'}",
        "{'name': 'Ada ... Lovelace'}",
        "{'iban': 'XXXX-XXXX-1234'}",
        "{'password': '••••••'}",
        "{'password': '[hidden]'}",
        "{'password': '<Redacted>'}",
        "{'password': 'REDACTED'}",
    ],
)
def test_a_repr_that_looks_masked_is_asked_about_and_never_sent(kwargs: str) -> None:
    found = literally("()", kwargs)

    assert found.fidelity is None
    assert "The named arguments look masked" in (found.why or "")
    assert arguments(a_task("()", kwargs), edit=Edit(kwargs={"card": "4111"})).fidelity == "edited"


@pytest.mark.parametrize("kwargs", ['{"card": 1}', "{'card':1}", "{'b': 1e5}", "{'a': 1, }"])
def test_a_text_that_celery_would_have_written_otherwise_is_the_senders_own(kwargs: str) -> None:
    found = literally("()", kwargs)

    assert found.fidelity is None
    assert "the sender chose this text" in (found.why or "")


def test_what_is_masked_in_events_is_sent_exactly_where_the_values_are_known() -> None:
    task = a_task("(1, 'two')", "{'card': '**** 5678'}")

    queued = arguments(task, queued=a_message(kwargs={"card": "4111"}))
    kept = arguments(task, result=a_result(kwargs={"card": "4111"}))

    assert (queued.fidelity, queued.kwargs) == ("exact", {"card": "4111"})
    assert (kept.fidelity, kept.kwargs) == ("exact", {"card": "4111"})


def test_named_arguments_are_judged_on_their_own() -> None:
    found = literally("(1,)", as_sent({"text": "x" * 3000}))

    assert found.fidelity is None
    assert "named arguments" in (found.why or "")


def test_a_person_decides_about_arguments_that_were_cut() -> None:
    found = arguments(a_task(CUT, CUT), edit=Edit(args=["whole"], kwargs={"a": 1}))

    assert found == Arguments(fidelity="edited", args=["whole"], kwargs={"a": 1})


def test_an_edit_of_positional_arguments_takes_the_named_ones_from_the_best_source() -> None:
    edit = Edit(args=[7])

    assert arguments(a_task(CUT, "{'a': 1}"), edit=edit) == Arguments(
        fidelity="edited", args=[7], kwargs={"a": 1}
    )
    assert arguments(a_task(CUT, CUT), queued=a_message(kwargs={"b": 2}), edit=edit) == Arguments(
        fidelity="edited", args=[7], kwargs={"b": 2}
    )
    assert arguments(a_task(CUT, CUT), edit=edit).fidelity is None


def test_an_edit_that_changes_no_arguments_leaves_their_source() -> None:
    assert arguments(a_task(), edit=Edit(queue="slow")).fidelity == "literal"
    assert arguments(a_task(CUT), edit=Edit(queue="slow")).fidelity is None


def test_arguments_of_any_depth_and_size_do_no_harm() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]

    found = arguments(a_task(CUT), queued=a_message(args=deep))

    assert found.fidelity is None
    assert "levels deep" in (found.why or "")
    while deep:  # taken apart by hand: Python's own way down recurses
        deep = deep.pop()


texts = st.text(st.sampled_from("ab '\"\\.,…\n\t({[]})…é\0:") | st.characters(), max_size=12)
long_texts = st.builds(lambda text, n: text * n, texts, st.integers(1, 150))
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | texts
    | long_texts
    | texts.map(lambda text: text + "...")
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=25,
)
more_than_json = st.recursive(
    leaves | st.binary(max_size=8) | st.complex_numbers() | st.dates() | st.decimals(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(texts | st.integers(), inner, max_size=3)
        | st.sets(st.integers() | texts, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=examples(400))
@given(st.lists(values, max_size=5).map(tuple), st.dictionaries(texts, values, max_size=4))
def test_what_celery_wrote_of_json_gives_these_values_or_none(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    found = literally(as_sent(args), as_sent(kwargs))

    if found.fidelity is not None:
        assert repr([found.args, found.kwargs]) == repr([list(args), kwargs])


@settings(max_examples=examples(300))
@given(st.lists(more_than_json, max_size=4).map(tuple))
def test_what_is_more_than_json_gives_its_values_or_none(args: tuple[Any, ...]) -> None:
    found = literally(as_sent(args))

    if found.fidelity is not None:
        assert found.args == listed(args)


@settings(max_examples=examples(300))
@given(st.text(st.sampled_from("()[]{}'\"\\,:.-0123456789eE aTrueNone<>\n"), max_size=80))
def test_rubbish_gives_plain_values_or_none(text: str) -> None:
    found = literally(text, text)

    assert found.fidelity in {None, "literal"}


def listed(value: Any) -> Any:
    """Tuples as the lists that JSON makes of them."""
    if isinstance(value, list | tuple):
        return [listed(each) for each in value]
    if isinstance(value, dict):
        return {key: listed(each) for key, each in value.items()}
    return value


@pytest.mark.parametrize("text", ["plain", "it's", "a, b: {c}", "tab\there", "é", "5 * 3", "a.. b"])
def test_usual_texts_come_through(text: str) -> None:
    assert literally(as_sent((text,))).args == [text]
