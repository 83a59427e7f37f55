"""The parser of alert conditions: from a sentence to its `Condition`.

    failure rate of SEARCH > 5 % over 10 min        p95 runtime of SEARCH > 30 s over 10 min
    failures | successes | revocations | tasks      count of SEARCH > 100
    depth of queue NAME > 1000 over 5 min           oldest message of queue NAME > 10 min
    worker NAME silent for 5 min                    online workers NAME < 3
    no success of SEARCH for 25 h                   no success of SEARCH by 06:00 Europe/Berlin
    new or reopened error of SEARCH                 any critical finding | finding RULE

What it begins with (its head) decides how the rest is read. `SEARCH` is in the query language, and
ends at the last comparison that stands for itself. Every error is a `QueryError` with its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast, get_args

from umbel.errors import QueryError, ZoneUnknown
from umbel.query.ast import Node
from umbel.query.spelling import nearest
from umbel.services.alerts.condition import (
    WINDOW_S,
    Absence,
    Condition,
    CountMeasure,
    CountThreshold,
    DailyDeadline,
    DurationMeasure,
    DurationThreshold,
    ErrorAppears,
    FindingAppears,
    MatchThreshold,
    OnlineThreshold,
    QueueMeasure,
    QueueThreshold,
    Statistic,
    WorkerSilence,
)
from umbel.services.alerts.condition_words import ConditionWords, refuse
from umbel.services.health.health_finding import WEIGHTS, Weight
from umbel.services.health.rules.table import HEALTH_RULES
from umbel.services.time_zones import zone_of

#: The shortest and longest windows of tasks, of queues, silences, and of what is absent, seconds.
TASKS_S: Final = (60.0, 7 * 86_400.0)
QUEUES_S: Final = (10.0, 86_400.0)
SILENCES_S: Final = (10.0, 7 * 86_400.0)
ABSENCES_S: Final = (60.0, 31 * 86_400.0)

_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_EXAMPLE: Final = "failure rate of name:billing.* > 5 % over 10 min"


def parse_condition(text: str) -> Condition:
    """What `text` asks for. Raises `QueryError`."""
    return _Sentence(text).condition()


class _Sentence(ConditionWords):
    """One reading of one text: what it begins with, and the kinds of conditions."""

    def condition(self) -> Condition:
        if not self._tokens:
            refuse(f"A rule is a sentence such as {_EXAMPLE}.", self._end)
        lower = [self._bare(each) for each in self._tokens]
        fitting = [head for head in HEADS if tuple(lower[: len(head)]) == head]
        if not fitting:
            raise self._unknown_head(lower)
        head = max(fitting, key=len)
        return HEADS[head](self, len(head), head)

    def _unknown_head(self, lower: Sequence[str]) -> QueryError:
        first = self._tokens[0]
        if lower[0] == "beat":
            refuse(
                "That beat sends nothing is a finding: finding beat-silent. Of one task it shows "
                "where none comes: no task of name:NAME for 10 min.",
                first,
            )
        heads = {" ".join(head): head for head in HEADS}
        written = " ".join(lower[:2])
        meant = nearest(written, heads) or nearest(lower[0], heads)
        if meant is None:
            firsts = {head[0]: " ".join(head) for head in sorted(HEADS, key=len, reverse=True)}
            word = nearest(lower[0], firsts)
            meant = None if word is None else firsts[word]
        return QueryError(
            f"A rule cannot begin with {self._slice(first, first)[:40]}. It begins with what is "
            f"measured, as {_EXAMPLE}, or with no success, worker, new error or any finding.",
            position=first.start,
            end=first.end,
            suggestion=meant,
        )

    # -- kinds of conditions ------------------------------------------------------------------

    def count(self, at: int, head: tuple[str, ...]) -> Condition:
        compared, end = self._comparison(at)
        text, query = self._search(at, compared)
        operator = self._operator(compared)
        measure = cast("CountMeasure", " ".join(head))
        limit = (self._share if measure == "failure rate" else self._number)(compared, end)
        window_s = self._over(end, TASKS_S, WINDOW_S)
        return CountThreshold(measure, text, query, operator, limit, window_s)

    def duration(self, at: int, head: tuple[str, ...]) -> Condition:
        compared, end = self._comparison(at)
        text, query = self._search(at, compared)
        statistic = cast("Statistic", head[0] if len(head) > 1 else "p95")
        measure = cast("DurationMeasure", head[-1])
        limit = self._duration(compared, end)
        window_s = self._over(end, TASKS_S, WINDOW_S)
        operator = self._operator(compared)
        return DurationThreshold(statistic, measure, text, query, operator, limit, window_s)

    def matches(self, at: int, head: tuple[str, ...]) -> Condition:
        compared, end = self._comparison(at)
        text, query = self._search(at, compared)
        if end < len(self._tokens):
            refuse(
                f"A {head[0]} is of the moment, so it has no window. Say in the search of which "
                "time tasks are, such as received:-10m..",
                self._tokens[end],
                self._tokens[-1],
            )
        return MatchThreshold(text, query, self._operator(compared), self._number(compared, end))

    def queue(self, at: int, head: tuple[str, ...]) -> Condition:
        at = self._word(at, "of", "of queue NAME")
        at = self._word(at, "queue", "queue NAME", "queues")
        name = self._name(at, "the name of a queue")
        compared, end = self._comparison(at + 1)
        if compared != at + 1:
            refuse("After the queue comes a comparison, such as > 1000.", self._tokens[at + 1])
        measure = cast("QueueMeasure", " ".join(head))
        read = self._duration if measure == "oldest message" else self._number
        operator, limit = self._operator(compared), read(compared, end)
        return QueueThreshold(measure, name, operator, limit, self._over(end, QUEUES_S, 0.0))

    def silence(self, at: int, head: tuple[str, ...]) -> Condition:
        name = "*"
        if head[0] == "worker":
            name, at = self._name(at, "the name of a worker, or a pattern"), at + 1
        at = self._word(at, "silent", "silent for 5 min")
        at = self._word(at, "for", "for 5 min")
        return WorkerSilence(name, self._rest_duration(at, SILENCES_S))

    def online(self, at: int, head: tuple[str, ...]) -> Condition:  # noqa: ARG002
        compared, end = self._comparison(at)
        name = "*" if compared == at else self._name(at, "the name of a worker, or a pattern")
        if compared > at + 1:
            refuse("After the workers comes a comparison, such as < 3.", self._tokens[at + 1])
        if end < len(self._tokens):
            refuse("Workers are online now; there is no window.", self._tokens[end])
        return OnlineThreshold(name, self._operator(compared), self._number(compared, end))

    def absence(self, at: int, head: tuple[str, ...]) -> Condition:
        by = self._last("for", "by", at)
        if by is None:
            refuse("Say for how long, such as for 25 h, or by when: by 06:00.", self._end)
        text, query = self._search(at, by)
        what = "success" if head[-1] == "success" else "task"
        if self._bare(self._tokens[by]) == "for":
            for_s = self._rest_duration(by + 1, ABSENCES_S)
            return Absence("success" if what == "success" else "task", text, query, for_s)
        if what == "task":
            refuse("By a time of the day a success is missed: no success of ...", self._tokens[by])
        return self._deadline(by + 1, text, query)

    def error(self, at: int, head: tuple[str, ...]) -> Condition:
        text, query = self._search(at, len(self._tokens))
        return ErrorAppears("new" in head, "reopened" in head, text, query)

    def any_finding(self, at: int, head: tuple[str, ...]) -> Condition:
        self._nothing_more(at)
        severity: Weight = next((each for each in WEIGHTS if each in head), "notice")
        return FindingAppears(severity=severity)

    def finding(self, at: int, head: tuple[str, ...]) -> Condition:  # noqa: ARG002
        rule = self._name(at, "the name of a rule of health, such as queue-without-consumer")
        if rule not in HEALTH_RULES:
            raise QueryError(
                f"There is no rule of health {rule[:40]}; docs/health.md lists them.",
                position=self._tokens[at].start,
                end=self._tokens[at].end,
                suggestion=nearest(rule, HEALTH_RULES),
            )
        self._nothing_more(at + 1)
        return FindingAppears(rule=rule)

    def _deadline(self, at: int, text: str, query: Node) -> DailyDeadline:
        token = self._at(at, "a time of the day, such as 06:00")
        clock = _CLOCK.fullmatch(self._slice(token, token))
        if clock is None:
            refuse("This is no time of the day; write 06:00 or 18:30.", token)
        at, zone = at + 1, "UTC"
        if at < len(self._tokens) and self._bare(self._tokens[at]) != "over":
            zone_token = self._tokens[at]
            zone, at = self._slice(zone_token, zone_token), at + 1
            try:
                zone_of(zone)
            except ZoneUnknown as error:
                refuse(error.message, zone_token)
        minute = int(clock[1]) * 60 + int(clock[2])
        window_s = self._over(at, TASKS_S, 0.0) or None
        if minute == 0 and window_s is None:
            refuse("At 00:00 the day has only begun; write 23:59, or 00:00 over 24 h.", token)
        return DailyDeadline(text, query, minute, zone, window_s)


_Read = Callable[[_Sentence, int, tuple[str, ...]], Condition]
_COUNTS: Final = tuple(tuple(each.split()) for each in get_args(CountMeasure))
_QUEUES: Final = tuple(tuple(each.split()) for each in get_args(QueueMeasure))
_DURATIONS: Final = tuple(
    (*start, measure)
    for start in ((), *((each,) for each in get_args(Statistic)))
    for measure in get_args(DurationMeasure)
)
#: What a rule can begin with, in small letters, and how the rest of it is read.
HEADS: Final[Mapping[tuple[str, ...], _Read]] = {
    **dict.fromkeys(_COUNTS, _Sentence.count),
    **dict.fromkeys(_DURATIONS, _Sentence.duration),
    ("count",): _Sentence.matches,
    **dict.fromkeys(_QUEUES, _Sentence.queue),
    ("worker",): _Sentence.silence,
    ("any", "worker"): _Sentence.silence,
    ("online", "workers"): _Sentence.online,
    ("no", "success"): _Sentence.absence,
    ("no", "task"): _Sentence.absence,
    ("new", "error"): _Sentence.error,
    ("reopened", "error"): _Sentence.error,
    ("new", "or", "reopened", "error"): _Sentence.error,
    ("any", "finding"): _Sentence.any_finding,
    **{("any", weight, "finding"): _Sentence.any_finding for weight in WEIGHTS},
    ("finding",): _Sentence.finding,
}
