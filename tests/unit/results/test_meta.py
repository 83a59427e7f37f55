"""What Celery's metas say."""

from __future__ import annotations

from typing import Any

import pytest

from umbel.results.base import Result
from umbel.results.meta import result_of
from umbel.results.payload import UnreadableResult


def result(**meta: Any) -> Result:
    return result_of("t", {"status": "SUCCESS", "result": None, **meta})


@pytest.mark.parametrize(
    ("tree", "ids"),
    [
        (None, ()),
        ([], ()),
        ([[["a", None], None]], ("a",)),
        ([[["a", [["p", None], None]], None], [["b", None], None]], ("a", "b")),
        ([[["group", None], [[["a", None], None], [["b", None], None]]]], ("a", "b")),
        ([[["outer", None], [[["inner", None], [[["a", None], None]]]]]], ("a",)),
        ([["a", None], "b"], ("a", "b")),
        ("rubbish", ()),
        ([None, 5, [], [[]], [None, None], {}], ()),
    ],
)
def test_children_are_the_ids_of_tasks(tree: object, ids: tuple[str, ...]) -> None:
    assert result(children=tree).children == ids


def test_children_without_end_are_bounded() -> None:
    many = [[[str(number), None], None] for number in range(20_000)]
    deep: Any = [["a", None], None]
    for _ in range(100_000):
        deep = [["group", None], [deep]]

    assert len(result(children=many).children) == 10_000
    assert result(children=[deep]).children == ("a",)
    while isinstance(deep[1], list):  # taken apart by hand: Python's own way down recurses
        deep = deep[1].pop()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"exc_type": "KeyError", "exc_message": ["x"], "exc_module": "builtins"}, "KeyError('x')"),
        ({"exc_type": "E", "exc_message": "plain"}, "E('plain')"),
        ({"exc_type": "E", "exc_message": [1, "it's", None]}, """E(1, "it's", None)"""),
        ({"exc_type": "E", "exc_message": []}, "E()"),
        ({"exc_type": "E"}, "E()"),
        (
            {"exc_type": "E", "exc_message": [{"__type__": "datetime", "__value__": "2026"}]},
            "E('2026')",
        ),
        ("KeyError('x')", "KeyError('x')"),
        ({"odd": 1}, "{'odd': 1}"),
    ],
)
@pytest.mark.parametrize("state", ["FAILURE", "RETRY", "REVOKED"])
def test_exceptions_are_text(state: str, value: object, text: str) -> None:
    found = result(status=state, result=value)

    assert (found.exception, found.result) == (text, None)


def test_the_result_of_another_state_is_as_kept() -> None:
    assert result(status="PROGRESS", result={"done": 5}).result == {"done": 5}


def test_arguments_stay_as_sent_special_types_included() -> None:
    """Sent again as they are, they are what they were."""
    when = {"__type__": "datetime", "__value__": "2026-11-22T17:00:00"}

    found = result(args=[when], kwargs={"when": when}, result=when)

    assert (found.args, found.kwargs) == ([when], {"when": when})
    assert found.result == "2026-11-22T17:00:00"


@pytest.mark.parametrize("more", [{}, {"version": None}], ids=["kombu now", "kombu 5.3.0"])
def test_a_uuid_is_told_as_its_text(more: dict[str, Any]) -> None:
    number = {"__type__": "uuid", "__value__": {"hex": f"{7:032x}", **more}}

    assert result(result=number).result == "00000000-0000-0000-0000-000000000007"


@pytest.mark.parametrize(
    ("date_done", "seconds"),
    [
        ("2026-11-22T17:00:00+00:00", 1795366800.0),
        ("2026-11-22T18:00:00+01:00", 1795366800.0),
        ("2026-11-22T17:00:00", 1795366800.0),
        (1795366800, 1795366800.0),
        (None, None),
        ("soon", None),
        (float("inf"), None),
        ([], None),
    ],
)
def test_times_are_unix_seconds(date_done: object, seconds: float | None) -> None:
    assert result(date_done=date_done).date_done == seconds


def test_fields_of_an_odd_type_are_left_out() -> None:
    found = result(name=5, worker=[], retries="2", queue={}, traceback=1)

    assert found == Result(task_id="t", state="SUCCESS")


@pytest.mark.parametrize("meta", [None, [], "x", {}, {"result": [["group", None], []]}])
def test_what_is_no_meta_of_a_task_is_unreadable(meta: object) -> None:
    with pytest.raises(UnreadableResult, match="no task's result"):
        result_of("t", meta)


def test_a_result_nested_without_end_is_unreadable_with_its_state() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]

    with pytest.raises(UnreadableResult, match="too deeply") as unreadable:
        result(result=deep)

    assert unreadable.value.state == "SUCCESS"
    while deep:
        deep = deep.pop()
