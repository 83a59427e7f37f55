"""Conditions of alert rules, as frozen structs: what a sentence such as `failure rate of
name:billing.* > 5 % over 10m` asks for. `condition_parse` makes them from text, `condition_text`
writes and describes them, `judge` decides them.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from umbel.query.ast import Node

Operator = Literal[">", ">=", "<", "<="]
#: What is measured of tasks that match, over a window.
CountMeasure = Literal["failure rate", "failures", "successes", "revocations", "tasks"]
DurationMeasure = Literal["runtime", "wait"]
Statistic = Literal["mean", "p50", "p95", "p99"]
QueueMeasure = Literal["depth", "oldest message", "unacknowledged", "consumers"]

#: A window that nobody chose, seconds.
WINDOW_S: Final = 600.0


class CountThreshold(msgspec.Struct, frozen=True, tag=True):
    """A count, or the share of failures (0 to 1), of tasks within a window. `text` is the search,
    canonical, `query` its tree."""

    measure: CountMeasure
    text: str
    query: Node
    operator: Operator
    limit: float
    window_s: float = WINDOW_S


class DurationThreshold(msgspec.Struct, frozen=True, tag=True):
    """How long tasks ran or waited within a window, in seconds."""

    statistic: Statistic
    measure: DurationMeasure
    text: str
    query: Node
    operator: Operator
    limit: float
    window_s: float = WINDOW_S


class MatchThreshold(msgspec.Struct, frozen=True, tag=True):
    """How many tasks match a search at the moment."""

    text: str
    query: Node
    operator: Operator
    limit: float


class QueueThreshold(msgspec.Struct, frozen=True, tag=True):
    """How a queue is: its mean over a window, or with 0 the last sample. `queue` is a name or a
    pattern, of which each queue counts for itself."""

    measure: QueueMeasure
    queue: str
    operator: Operator
    limit: float
    window_s: float = 0.0


class WorkerSilence(msgspec.Struct, frozen=True, tag=True):
    """Nothing was heard of a worker for so long; each that fits the pattern counts for itself."""

    worker: str
    silent_s: float


class OnlineThreshold(msgspec.Struct, frozen=True, tag=True):
    """How many workers that fit the pattern are online."""

    worker: str
    operator: Operator
    limit: float


class Absence(msgspec.Struct, frozen=True, tag=True):
    """No task that matches succeeded (or was seen at all) for so long: a dead man's switch."""

    what: Literal["success", "task"]
    text: str
    query: Node
    for_s: float


class DailyDeadline(msgspec.Struct, frozen=True, tag=True):
    """No task that matches succeeded by a time of the day (`minute`, from midnight) in a zone,
    since midnight or within `window_s` before that time."""

    text: str
    query: Node
    minute: int
    zone: str = "UTC"
    window_s: float | None = None


class ErrorAppears(msgspec.Struct, frozen=True, tag=True):
    """An error that was never seen before, or one that was resolved or ignored and is open again;
    each error counts for itself, for an hour or until somebody decides about it."""

    new: bool
    reopened: bool
    text: str
    query: Node


class FindingAppears(msgspec.Struct, frozen=True, tag=True):
    """The overview finds something: of one rule of health, or whatever is so grave. Each finding
    that nobody muted counts for itself."""

    rule: str = ""
    severity: Literal["critical", "warning", "notice"] = "notice"


Condition = (
    CountThreshold
    | DurationThreshold
    | MatchThreshold
    | QueueThreshold
    | WorkerSilence
    | OnlineThreshold
    | Absence
    | DailyDeadline
    | ErrorAppears
    | FindingAppears
)

#: Conditions that compare a number with a limit.
Threshold = CountThreshold | DurationThreshold | MatchThreshold | QueueThreshold | OnlineThreshold


def is_share(condition: Condition) -> bool:
    """Whether its number is a share from 0 to 1."""
    return isinstance(condition, CountThreshold) and condition.measure == "failure rate"


def is_duration(condition: Condition) -> bool:
    """Whether its number is in seconds."""
    if isinstance(condition, QueueThreshold):
        return condition.measure == "oldest message"
    return isinstance(condition, DurationThreshold | Absence | WorkerSilence)
