"""What was observed of a condition, as the sentence that an alert begins with."""

from __future__ import annotations

from typing import Final

from umbel.query.describe import spoken_duration
from umbel.services.alerts.condition import (
    Absence,
    Condition,
    CountThreshold,
    DailyDeadline,
    DurationThreshold,
    ErrorAppears,
    FindingAppears,
    MatchThreshold,
    QueueThreshold,
    WorkerSilence,
)
from umbel.services.alerts.condition_text import clock_text, tasks_of, value_text

_ONE: Final = "1"


def observed(condition: Condition, subject: str, value: float, text: str = "") -> str:
    """The sentence. `subject` is the queue, worker, error or finding; `text` what is known of it
    in words, of errors and findings, and where a number would say what is not so."""
    if text:
        return text
    if isinstance(condition, ErrorAppears | FindingAppears):
        return subject
    shown = value_text(condition, value)
    if isinstance(condition, CountThreshold):
        tasks, over = tasks_of(condition.query), over_the_last(condition.window_s)
        if condition.measure == "failure rate":
            return f"{shown} of {tasks} failed {over}."
        were = "was" if shown == _ONE else "were"
        ended = {"failures": "failed", "successes": "succeeded", "revocations": f"{were} revoked"}
        some = _some(shown, tasks.removeprefix("all "))
        return f"{some} {ended.get(condition.measure, f'{were} seen')} {over}."
    if isinstance(condition, DurationThreshold):
        verb = "ran" if condition.measure == "runtime" else "waited"
        tasks, over = _capital(tasks_of(condition.query)), over_the_last(condition.window_s)
        how = "on average" if condition.statistic == "mean" else f"({condition.statistic})"
        return f"{tasks} {verb} {shown} {how} {over}."
    if isinstance(condition, MatchThreshold):
        are = "is" if shown == _ONE else "are"
        return f"There {are} {_some(shown, tasks_of(condition.query).removeprefix('all '))}."
    if isinstance(condition, QueueThreshold):
        over = f" {over_the_last(condition.window_s)}" if condition.window_s else ""
        if condition.measure == "oldest message":
            return f"The oldest message in queue {subject} waits for {shown}{over}."
        messages, wait, are, consumers = (
            ("message", "waits", "is", "consumer") if shown == _ONE
            else ("messages", "wait", "are", "consumers")
        )  # fmt: skip
        what = {
            "depth": f"{shown} {messages} {wait} in queue {subject}",
            "unacknowledged": f"{shown} {messages} of queue {subject} {are} unacknowledged",
            "consumers": f"Queue {subject} has {shown} {consumers}",
        }[condition.measure]
        return f"{what}{over}."
    if isinstance(condition, WorkerSilence):
        if value == 0:
            return f"{subject} is not silent."
        return f"Nothing was heard of {subject} for {shown}."
    if isinstance(condition, Absence):
        is_success, lasted = condition.what == "success", spoken_duration(condition.for_s)
        if value == 0:
            what = "succeeded" if is_success else "were seen"
            return f"{_capital(tasks_of(condition.query))} {what} {over_the_last(condition.for_s)}."
        what = "succeeded" if is_success else "was seen"
        return f"None of {tasks_of(condition.query)} {what} for {lasted}."
    if isinstance(condition, DailyDeadline):
        by = deadline_text(condition)
        if value == 0:
            return f"{_capital(tasks_of(condition.query))} succeeded, which were due by {by}."
        return f"None of {tasks_of(condition.query)} succeeded by {by}."
    workers, are = ("worker", "is") if shown == _ONE else ("workers", "are")
    of = "" if condition.worker == "*" else f" called {condition.worker}"
    return f"{shown} {workers}{of} {are} online."


def deadline_text(condition: DailyDeadline) -> str:
    """The time of the day, such as `06:00 (Europe/Berlin)`."""
    return f"{clock_text(condition.minute)} ({condition.zone})"


def _some(shown: str, tasks: str) -> str:
    """`3 failed tasks whose name ends with .mail`, `1 failed task whose name ...`."""
    return f"{shown} {tasks.replace('tasks', 'task', 1) if shown == _ONE else tasks}"


def _capital(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"


def over_the_last(window_s: float) -> str:
    """The window in words, such as `over the last 10 minutes`."""
    return f"over the last {spoken_duration(window_s)}"
