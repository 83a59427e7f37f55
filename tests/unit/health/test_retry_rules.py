"""Names whose tasks are tried again instead of ending."""

from __future__ import annotations

from urllib.parse import unquote

from tests.unit.health.examples import found, only
from umbel.services.health.facts import RetryingName


def test_a_name_whose_tasks_are_tried_again_and_do_not_end_is_told() -> None:
    storm = RetryingName(name="pay", tried_again=80, ended=3, usual=0.021)

    one = only("tasks-retrying", retrying=(storm,))

    assert (one.severity, one.subject) == ("warning", "pay")
    assert one.sentence == (
        "80 tasks of pay are tried again, and 3 ended in the last 60 min; of the day before 2.1 % "
        "needed more than one try."
    )
    assert unquote(one.action.address or "") == (
        "tasks?q=name:=pay state:RETRY,RECEIVED,STARTED retried:-1h.."
    )


def test_it_is_told_where_nothing_is_usual_yet_and_not_all_were_counted() -> None:
    one = only(
        "tasks-retrying", retrying=(RetryingName(name="pay", tried_again=2_000, or_more=True),)
    )

    assert one.sentence == (
        "2,000 tasks or more of pay are tried again, and 0 ended in the last 60 min."
    )


def test_few_tasks_and_those_among_many_that_end_are_not_told() -> None:
    few = RetryingName(name="pay", tried_again=19)
    among_many = RetryingName(name="mail", tried_again=60, ended=70)

    assert found("tasks-retrying", retrying=(few, among_many)) == ()


def test_tasks_whose_way_it_is_to_look_again_and_again_are_not_told() -> None:
    """They end after some tries, as those of the day before did."""
    polling = RetryingName(name="poll", tried_again=200, ended=20, usual=0.97)

    assert found("tasks-retrying", retrying=(polling,)) == ()
