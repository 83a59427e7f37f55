"""The four answers of a rule: firing, well, not yet known, cannot be known."""

from __future__ import annotations

from typing import Any

import pytest

from umbel.services.alerts.condition_parse import parse_condition
from umbel.services.alerts.judge import AlertEvidence, AlertReading, Judgement, judge

RATE = "failure rate of name:billing.* > 5 % over 10 min"
DEAD_MAN = "no success of name:nightly for 1 h"


def judged(
    text: str, value: float | None = None, *, firing: bool = False, **given: Any
) -> Judgement:
    evidence = AlertEvidence(readings=(AlertReading(value=value),), **given)
    return judge(parse_condition(text), evidence, {""} if firing else ())


def test_a_number_beyond_its_limit_fires_and_says_what_it_is() -> None:
    found = judged(RATE, 0.12)

    assert found.answer == "firing"
    assert found.sentence == (
        "12 % of tasks whose name begins with billing. failed over the last 10 min."
    )
    assert judged(RATE, 0.05).answer == "well"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("online workers < 3", "1 worker is online."),
        ("online workers eu* < 3", "1 worker called eu* is online."),
        ("depth of queue mail > 0", "1 message waits in queue mail."),
        ("unacknowledged of queue mail > 0", "1 message of queue mail is unacknowledged."),
        ("consumers of queue mail < 2", "Queue mail has 1 consumer."),
        ("count of state:STARTED > 0", "There is 1 started task."),
        ("failures > 0 over 5 min", "1 task failed over the last 5 min."),
        (
            "revocations of name:mail > 0 over 5 min",
            "1 task whose name contains mail was revoked over the last 5 min.",
        ),
    ],
)
def test_of_one_thing_a_sentence_speaks_as_of_one(text: str, sentence: str) -> None:
    subject = "mail" if "queue" in text else ""
    evidence = AlertEvidence(readings=(AlertReading(subject=subject, value=1.0),))
    found = judge(parse_condition(text), evidence)

    assert (found.answer, found.sentence) == ("firing", sentence)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (DEAD_MAN, "Tasks whose name contains nightly succeeded over the last 1 h."),
        ("no task for 5 min", "All tasks were seen over the last 5 min."),
        (
            "no success of name:report by 06:00 Europe/Berlin",
            "Tasks whose name contains report succeeded, which were due by 06:00 (Europe/Berlin).",
        ),
        ("any worker silent for 1m", "a@b is not silent."),
    ],
)
def test_what_is_well_is_not_told_as_what_is_wrong(text: str, sentence: str) -> None:
    evidence = AlertEvidence(readings=(AlertReading(subject="a@b", value=0.0),))

    found = judge(parse_condition(text), evidence)

    assert (found.answer, found.sentence) == ("well", sentence)


def test_what_fires_above_a_limit_ends_clearly_below_it() -> None:
    assert judged(RATE, 0.048, firing=True).answer == "firing"
    assert judged(RATE, 0.044, firing=True).answer == "well"
    assert judged("failures > 0", 0.0, firing=True).answer == "well"
    assert judged("online workers < 3", 3.0, firing=True).answer == "well"


@pytest.mark.parametrize("text", [RATE, DEAD_MAN, "online workers < 1", "any worker silent for 1m"])
@pytest.mark.parametrize("value", [0.0, 1e6])
def test_nothing_is_known_while_nothing_is_recorded(text: str, value: float) -> None:
    found = judged(text, value, blind="No collector runs.")

    assert (found.answer, found.sentence) == ("cannot be known", "No collector runs.")


@pytest.mark.parametrize(
    ("text", "value", "answer"),
    [
        (RATE, 0.0, "cannot be known"),
        (RATE, 0.5, "firing"),
        (DEAD_MAN, 10.0, "cannot be known"),
        (DEAD_MAN, 3_600.0, "cannot be known"),
        ("tasks < 10", 3.0, "cannot be known"),
        ("tasks < 10", 30.0, "cannot be known"),
    ],
)
def test_behind_is_never_well(text: str, value: float, answer: str) -> None:
    assert judged(text, value, behind="The history is 40 s behind.").answer == answer


@pytest.mark.parametrize(
    ("text", "value", "answer"),
    [
        (RATE, 0.0, "cannot be known"),
        (RATE, 0.5, "firing"),
        (DEAD_MAN, 10.0, "well"),
        (DEAD_MAN, 3_600.0, "cannot be known"),
    ],
)
def test_what_was_missed_counts_where_it_could_have_changed_the_answer(
    text: str, value: float, answer: str
) -> None:
    assert judged(text, value, missed=0.5).answer == answer
    assert judged(text, value, missed=0.01).answer != "cannot be known"


def test_a_young_history_is_not_yet_known() -> None:
    young = "Recording began 3 min ago."

    assert judged(RATE, 0.0, young=young).answer == "not yet known"
    assert judged(RATE, 0.5, young=young).answer == "firing"
    assert judged(DEAD_MAN, 3_600.0, young=young).answer == "not yet known"


def test_each_subject_has_its_answer_and_the_gravest_is_that_of_the_rule() -> None:
    found = judge(
        parse_condition("depth of queue * > 10"),
        AlertEvidence(
            readings=(
                AlertReading(subject="a", value=3.0),
                AlertReading(subject="b", value=30.0),
                AlertReading(subject="c", why="The broker is away."),
                AlertReading(subject="d", why="It is new.", a_while=True),
            )
        ),
    )

    assert found.answer == "firing"
    assert [each.answer for each in found.subjects] == [
        "well", "firing", "cannot be known", "not yet known",
    ]  # fmt: skip
    assert found.sentence == "30 messages wait in queue b."


@pytest.mark.parametrize("text", ["any finding", "new error", "depth of queue * > 10"])
def test_what_was_not_read_is_over_only_where_all_was_read(text: str) -> None:
    readings = (AlertReading(subject="a", value=30.0, text="It is wrong."),)
    condition = parse_condition(text)

    assert judge(condition, AlertEvidence(readings=readings)).others == "well"
    for evidence in (
        AlertEvidence(readings=readings, unread="Time ran out."),
        AlertEvidence(readings=readings, behind="The history is 40 s behind."),
    ):
        found = judge(condition, evidence)
        assert (found.answer, found.others) == ("firing", "cannot be known")
    assert judge(condition, AlertEvidence(blind="Nothing is recorded.")).others != "well"


def test_nothing_is_well_while_there_may_be_more_than_was_read() -> None:
    muted = AlertReading(subject="a", value=0.0, text="There is no such finding.")
    evidence = AlertEvidence(readings=(muted,), unread="Nothing is recorded.")

    found = judge(parse_condition("any finding"), evidence)

    assert (found.answer, found.sentence) == ("cannot be known", "Nothing is recorded.")
    assert [each.answer for each in found.subjects] == ["well"]


def test_no_finding_is_well_and_no_queue_is_not() -> None:
    nothing = AlertEvidence()

    assert judge(parse_condition("any finding"), nothing).answer == "well"
    assert judge(parse_condition("new error"), nothing).answer == "well"
    assert (
        judge(parse_condition("new error"), AlertEvidence(missed=1.0)).answer == "cannot be known"
    )
    assert judge(parse_condition("depth of queue a > 1"), nothing).answer == "not yet known"
    no_samples = AlertEvidence(unread="Queues are not sampled.")
    assert judge(parse_condition("depth of queue a > 1"), no_samples).answer == "cannot be known"
