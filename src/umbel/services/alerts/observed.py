"""What was observed of a condition, as the sentence that an alert begins with."""

from __future__ import annotations

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


def observed(condition: Condition, subject: str, value: float, text: str = "") -> str:
    """The sentence. `subject` is the queue, worker, error or finding; `text` what is known of it
    in words, of errors and findings."""
    if isinstance(condition, ErrorAppears | FindingAppears):
        return text or subject
    shown = value_text(condition, value)
    if isinstance(condition, CountThreshold):
        tasks, over = tasks_of(condition.query), _over(condition.window_s)
        if condition.measure == "failure rate":
            return f"{shown} of {tasks} failed {over}."
        ended = {"failures": "failed", "successes": "succeeded", "revocations": "were revoked"}
        some = tasks.removeprefix("all ")
        return f"{shown} {some} {ended.get(condition.measure, 'were seen')} {over}."
    if isinstance(condition, DurationThreshold):
        verb = "ran" if condition.measure == "runtime" else "waited"
        tasks, over = tasks_of(condition.query), _over(condition.window_s)
        how = "on average" if condition.statistic == "mean" else f"({condition.statistic})"
        return f"{tasks[0].upper()}{tasks[1:]} {verb} {shown} {how} {over}."
    if isinstance(condition, MatchThreshold):
        return f"There are {shown} {tasks_of(condition.query)}."
    if isinstance(condition, QueueThreshold):
        over = f" {_over(condition.window_s)}" if condition.window_s else ""
        if condition.measure == "oldest message":
            return f"The oldest message in queue {subject} waits for {shown}{over}."
        what = {
            "depth": f"{shown} messages wait in queue {subject}",
            "unacknowledged": f"{shown} messages of queue {subject} are unacknowledged",
            "consumers": f"Queue {subject} has {shown} consumers",
        }[condition.measure]
        return f"{what}{over}."
    if isinstance(condition, WorkerSilence):
        return f"Nothing was heard of {subject} for {shown}."
    if isinstance(condition, Absence):
        what = "succeeded" if condition.what == "success" else "was seen"
        return f"None of {tasks_of(condition.query)} {what} for {spoken_duration(condition.for_s)}."
    if isinstance(condition, DailyDeadline):
        by = f"{clock_text(condition.minute)} ({condition.zone})"
        return f"None of {tasks_of(condition.query)} succeeded by {by}."
    of = "workers are" if condition.worker == "*" else f"workers called {condition.worker} are"
    return f"{shown} {of} online."


def _over(window_s: float) -> str:
    return f"over the last {spoken_duration(window_s)}"
