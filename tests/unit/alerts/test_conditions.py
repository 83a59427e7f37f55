"""Conditions of alert rules: understood, written in one spelling, and told in words."""

from __future__ import annotations

import pytest

from umbel.errors import QueryError
from umbel.services.alerts.condition import CountThreshold, DailyDeadline, QueueThreshold
from umbel.services.alerts.condition_parse import HEADS, parse_condition
from umbel.services.alerts.condition_text import described, written

#: A sentence as a person writes it, its one spelling, and what it means.
SENTENCES = [
    (
        "failure rate of name:billing.* > 5 % over 10 min",
        "failure rate of name:billing.* > 5 % over 10m",
        "more than 5 % of tasks whose name begins with billing. failed, over 10 min",
    ),
    (
        "Failure rate >5%",
        "failure rate > 5 % over 10m",
        "more than 5 % of all tasks failed, over 10 min",
    ),
    (
        "failures of runtime:>5s worker:~eu >= 20 over 1h30m",
        "failures of runtime:>5s worker:eu >= 20 over 90m",
        "at least 20 tasks that ran longer than 5 s, on a worker whose name contains eu failed, "
        "over 1 h 30 min",
    ),
    (
        "tasks of queue:mail < 1 over 1 h",
        "tasks of queue:mail < 1 over 1h",
        "fewer than 1 tasks in queue mail were seen, over 1 h",
    ),
    (
        "runtime of name:a > 90 s",
        "p95 runtime of name:a > 90s over 10m",
        "tasks whose name contains a ran longer than 1 min 30 s (5 in 100), over 10 min",
    ),
    (
        "p99 wait > 1 min over 5 min",
        "p99 wait > 1m over 5m",
        "all tasks waited longer than 1 min (1 in 100), over 5 min",
    ),
    (
        "count of state:STARTED started:..-1h > 0",
        "count of state:STARTED started:..-1h > 0",
        "there are more than 0 started tasks started before 1 h ago",
    ),
    (
        "depth of queue mail > 1000 over 5 min",
        "depth of queue mail > 1000 over 5m",
        "more than 1000 messages wait in queue mail, over 5 min",
    ),
    (
        "oldest message of queue mail* > 10 min",
        "oldest message of queue mail* > 10m",
        "the oldest message in a queue called mail* waits longer than 10 min",
    ),
    (
        "consumers of queue mail < 1",
        "consumers of queue mail < 1",
        "queue mail has fewer than 1 consumer",
    ),
    (
        "worker celery@eu-* silent for 5 min",
        "worker celery@eu-* silent for 5m",
        "nothing was heard of a worker called celery@eu-* for 5 min",
    ),
    (
        "any worker silent for 300s",
        "any worker silent for 5m",
        "nothing was heard of a worker for 5 min",
    ),
    ("online workers < 3", "online workers < 3", "fewer than 3 workers are online"),
    (
        "online workers celery@eu-* < 3",
        "online workers celery@eu-* < 3",
        "fewer than 3 workers called celery@eu-* are online",
    ),
    (
        "no success of name:nightly for 25 h",
        "no success of name:nightly for 25h",
        "none of tasks whose name contains nightly succeeded for 1 day 1 h",
    ),
    (
        "no task of name:beat.tick for 10 min",
        "no task of name:beat.tick for 10m",
        "none of tasks whose name contains beat.tick was seen for 10 min",
    ),
    (
        "no success of name:nightly by 6:00 Europe/Berlin over 8 h",
        "no success of name:nightly by 06:00 Europe/Berlin over 8h",
        "none of tasks whose name contains nightly succeeded by 06:00 (Europe/Berlin), "
        "within 8 h before",
    ),
    (
        "new or reopened error of name:shop.*",
        "new or reopened error of name:shop.*",
        "tasks whose name begins with shop. fail with an error that was never seen before, or "
        "fail again with one that was resolved or ignored",
    ),
    (
        "new error",
        "new error",
        "all tasks fail with an error that was never seen before",
    ),
    ("any finding", "any finding", "the overview finds anything"),
    ("any critical finding", "any critical finding", "the overview finds what is critical"),
    (
        "finding queue-without-consumer",
        "finding queue-without-consumer",
        "the overview finds queue-without-consumer",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "canonical", "words"), SENTENCES)
def test_a_sentence_is_understood_and_told_back(text: str, canonical: str, words: str) -> None:
    condition = parse_condition(text)

    assert written(condition) == canonical
    assert parse_condition(canonical) == condition
    assert described(condition) == words


def test_every_head_has_an_example() -> None:
    texts = [canonical for _, canonical, _ in SENTENCES] + [text for text, _, _ in SENTENCES]
    without = [
        head
        for head in HEADS
        if not any(text.lower().split()[: len(head)] == list(head) for text in texts)
    ]

    rare = {"successes", "revocations", "unacknowledged", "mean", "p50", "p95", "p99", "wait"}
    assert [head for head in without if head[0] not in rare and head[-1] != "finding"] == [
        ("reopened", "error")
    ]


def test_a_comparison_in_the_search_is_not_that_of_the_rule() -> None:
    found = parse_condition('failures of runtime:>5s ">" name:a > 3 over 10m')

    assert isinstance(found, CountThreshold)
    assert (found.operator, found.limit) == (">", 3.0)
    assert found.text == 'runtime:>5s ">" name:a'


def test_names_with_spaces_stand_in_quotes() -> None:
    found = parse_condition('depth of queue "my mail" > 5')

    assert isinstance(found, QueueThreshold)
    assert found.queue == "my mail"
    assert parse_condition(written(found)) == found


def test_a_deadline_without_a_zone_is_in_utc() -> None:
    found = parse_condition("no success of name:a by 18:30")

    assert isinstance(found, DailyDeadline)
    assert (found.minute, found.zone, found.window_s) == (18 * 60 + 30, "UTC", None)


@pytest.mark.parametrize(
    ("text", "place", "suggestion"),
    [
        ("", "", None),
        ("failre rate of name:a > 5 %", "failre", "failure rate"),
        ("dept of queue mail > 5", "dept", "depth"),
        ("failure rate of nmae:a > 5 %", "nmae", "name"),
        ("failure rate of name:a", "", None),
        ("failure rate of name:a > 5 % ovr 10 min", "5 % ovr 10 min", None),
        ("failure rate of name:a > 5 % over 10 minits", "10 minits", "mins"),
        ("failure rate of name:a > 120 %", "120 %", None),
        ("failures of name:a > 5 over 1s", "1s", None),
        ("depth of quue mail > 5", "quue", "queue"),
        ("worker celery@a silnt for 5 min", "silnt", "silent"),
        ("finding queue-without-consumr", "queue-without-consumr", "queue-without-consumer"),
        ("no success of name:a by 26:00", "26:00", None),
        ("no success of name:a by 00:00", "00:00", None),
        ("no success of name:a by 06:00 Europe/Belin", "Europe/Belin", None),
        ("beat silent for 5 min", "beat", None),
        ("any finding today", "today", None),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, place: str, suggestion: str | None) -> None:
    with pytest.raises(QueryError) as caught:
        parse_condition(text)

    error = caught.value
    found = text[error.position : error.end]
    assert found == place
    if suggestion is not None:
        assert (found, error.suggestion) == (place, suggestion)
