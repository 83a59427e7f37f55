"""Conditions as text: the one spelling (`parse_condition(written(c)) == c`), and in words.

The words complete "Fires when ...", so that people see how a rule was understood.
"""

from __future__ import annotations

from typing import Final

from umbel.query.ast import Node
from umbel.query.describe import describe, spoken_duration
from umbel.query.lexer import as_value
from umbel.query.quantities import duration_text, number_text
from umbel.services.alerts.condition import (
    Absence,
    Condition,
    CountThreshold,
    DailyDeadline,
    DurationThreshold,
    ErrorAppears,
    FindingAppears,
    MatchThreshold,
    Operator,
    QueueThreshold,
    Threshold,
    WorkerSilence,
    is_duration,
    is_share,
)

_MORE: Final[dict[Operator, str]] = {
    ">": "more than", ">=": "at least", "<": "fewer than", "<=": "at most",
}  # fmt: skip
_LONGER: Final[dict[Operator, str]] = {
    ">": "longer than", ">=": "at least", "<": "shorter than", "<=": "at most",
}  # fmt: skip
_STATISTICS: Final = {
    "mean": "on average", "p50": "half of them", "p95": "5 in 100", "p99": "1 in 100",
}  # fmt: skip
_ENDED: Final = {
    "failures": "failed", "successes": "succeeded", "revocations": "were revoked",
    "tasks": "were seen",
}  # fmt: skip
_QUEUES: Final = {
    "depth": ("message waits", "messages wait"),
    "unacknowledged": ("message is unacknowledged", "messages are unacknowledged"),
}


def written(condition: Condition) -> str:
    """The canonical sentence."""
    if isinstance(condition, CountThreshold):
        head = f"{condition.measure}{_of(condition.text)}"
        return f"{head} {_limit(condition)} over {duration_text(condition.window_s)}"
    if isinstance(condition, DurationThreshold):
        head = f"{condition.statistic} {condition.measure}{_of(condition.text)}"
        return f"{head} {_limit(condition)} over {duration_text(condition.window_s)}"
    if isinstance(condition, MatchThreshold):
        return f"count{_of(condition.text)} {_limit(condition)}"
    if isinstance(condition, QueueThreshold):
        over = f" over {duration_text(condition.window_s)}" if condition.window_s else ""
        head = f"{condition.measure} of queue {_name(condition.queue)}"
        return f"{head} {_limit(condition)}{over}"
    if isinstance(condition, WorkerSilence):
        who = "any worker" if condition.worker == "*" else f"worker {_name(condition.worker)}"
        return f"{who} silent for {duration_text(condition.silent_s)}"
    if isinstance(condition, Absence):
        span = duration_text(condition.for_s)
        return f"no {condition.what}{_of(condition.text)} for {span}"
    if isinstance(condition, DailyDeadline):
        return _deadline(condition)
    if isinstance(condition, ErrorAppears):
        kinds = [w for w, so in (("new", condition.new), ("reopened", condition.reopened)) if so]
        return f"{' or '.join(kinds)} error{_of(condition.text)}"
    if isinstance(condition, FindingAppears):
        if condition.rule:
            return f"finding {condition.rule}"
        grave = "" if condition.severity == "notice" else f"{condition.severity} "
        return f"any {grave}finding"
    who = "" if condition.worker == "*" else f" {_name(condition.worker)}"
    return f"online workers{who} {_limit(condition)}"


def described(condition: Condition) -> str:
    """What follows "Fires when", without the full stop."""
    if isinstance(condition, CountThreshold):
        return _count(condition)
    if isinstance(condition, DurationThreshold):
        verb = "ran" if condition.measure == "runtime" else "waited"
        longer = f"{_LONGER[condition.operator]} {spoken_duration(condition.limit)}"
        share = _STATISTICS[condition.statistic]
        return f"{tasks_of(condition.query)} {verb} {longer} ({share}), {_last(condition.window_s)}"
    if isinstance(condition, MatchThreshold):
        more = f"{_MORE[condition.operator]} {number_text(condition.limit)}"
        return f"there are {more} {tasks_of(condition.query)}"
    if isinstance(condition, QueueThreshold):
        return _queue(condition)
    if isinstance(condition, WorkerSilence):
        return f"nothing was heard of {_workers(condition.worker)} for " + spoken_duration(
            condition.silent_s
        )
    if isinstance(condition, Absence):
        what = "succeeded" if condition.what == "success" else "was seen"
        span = spoken_duration(condition.for_s)
        return f"none of {tasks_of(condition.query)} {what} for {span}"
    if isinstance(condition, DailyDeadline):
        since = (
            "since midnight" if condition.window_s is None
            else f"within {spoken_duration(condition.window_s)} before"
        )  # fmt: skip
        by = f"{clock_text(condition.minute)} ({condition.zone})"
        return f"none of {tasks_of(condition.query)} succeeded by {by}, {since}"
    if isinstance(condition, ErrorAppears):
        kinds = [
            words
            for words, so in (
                ("fail with an error that was never seen before", condition.new),
                ("fail again with one that was resolved or ignored", condition.reopened),
            )
            if so
        ]
        return f"{tasks_of(condition.query)} {', or '.join(kinds)}"
    if isinstance(condition, FindingAppears):
        if condition.rule:
            return f"the overview finds {condition.rule}"
        grave = "anything" if condition.severity == "notice" else (
            f"what is {condition.severity}" + (" or graver" * (condition.severity == "warning"))
        )  # fmt: skip
        return f"the overview finds {grave}"
    online = f"{_MORE[condition.operator]} {number_text(condition.limit)}"
    of = "workers" if condition.worker == "*" else f"workers called {condition.worker}"
    return f"{online} {of} are online"


def tasks_of(query: Node) -> str:
    """The tasks that a search is about, within a sentence."""
    found = describe(query)
    return found[0].lower() + found[1:]


def value_text(condition: Condition, value: float) -> str:
    """A number of the condition, for a person: `12 %`, `3.1 s`, `1,204`."""
    if is_share(condition):
        return f"{value * 100:.3g} %"
    if is_duration(condition):
        return spoken_duration(max(0.0, value))
    return f"{value:,.0f}" if value == round(value) or value >= 100 else f"{value:,.1f}"


def clock_text(minute: int) -> str:
    """A minute of the day: `06:00`."""
    return f"{minute // 60:02}:{minute % 60:02}"


def _of(text: str) -> str:
    return f" of {text}" if text else ""


def _name(name: str) -> str:
    return name if {"*", "?"} & set(name) else as_value(name)


def _limit(condition: Threshold) -> str:
    if is_share(condition):
        text = f"{number_text(round(condition.limit * 100, 9))} %"
    elif is_duration(condition):
        text = duration_text(condition.limit)
    else:
        text = number_text(condition.limit)
    return f"{condition.operator} {text}"


def _deadline(condition: DailyDeadline) -> str:
    zone = "" if condition.zone == "UTC" else f" {condition.zone}"
    over = "" if condition.window_s is None else f" over {duration_text(condition.window_s)}"
    return f"no success{_of(condition.text)} by {clock_text(condition.minute)}{zone}{over}"


def _count(condition: CountThreshold) -> str:
    tasks, last = tasks_of(condition.query), _last(condition.window_s)
    if condition.measure == "failure rate":
        more = _MORE[condition.operator].replace("fewer", "less")
        return f"{more} {value_text(condition, condition.limit)} of {tasks} failed, {last}"
    more = f"{_MORE[condition.operator]} {number_text(condition.limit)}"
    return f"{more} {tasks.removeprefix('all ')} {_ENDED[condition.measure]}, {last}"


def _queue(condition: QueueThreshold) -> str:
    named = {"*", "?"} & set(condition.queue)
    queue = f"a queue called {condition.queue}" if named else f"queue {condition.queue}"
    when = f", {_last(condition.window_s)}" if condition.window_s else ""
    if condition.measure == "oldest message":
        longer = f"{_LONGER[condition.operator]} {spoken_duration(condition.limit)}"
        return f"the oldest message in {queue} waits {longer}{when}"
    more = f"{_MORE[condition.operator]} {number_text(condition.limit)}"
    if condition.measure == "consumers":
        return f"{queue} has {more} {'consumer' if condition.limit == 1 else 'consumers'}{when}"
    one, many = _QUEUES[condition.measure]
    return f"{more} {one if condition.limit == 1 else many} in {queue}{when}"


def _workers(pattern: str) -> str:
    if pattern == "*":
        return "a worker"
    return f"a worker called {pattern}" if {"*", "?"} & set(pattern) else f"worker {pattern}"


def _last(window_s: float) -> str:
    return f"over {spoken_duration(window_s)}"
