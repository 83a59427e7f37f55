"""The back-test of a rule: when it would have fired in the last days.

The same steps as in life (`judge.crosses`, `lifecycle.advanced`) are taken over what roll-ups and
samples tell of the past, in steps of theirs. What they do not tell is said, never guessed: a time
in which events may have passed unseen is left out and counted, and a rule about what is not kept
is not tested at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol

import msgspec

from umbel.query.describe import spoken_duration
from umbel.services.alerts.condition import Condition, Threshold, is_duration, is_share
from umbel.services.alerts.judge import SubjectAnswer, crosses
from umbel.services.alerts.lifecycle import advanced
from umbel.services.phrases import number
from umbel.store.alerts import Alert, AlertRule

DAY_S: Final = 86_400.0
DAYS_MAX: Final = 31.0
#: The most firings of an answer, and points of its chart.
FIRINGS_MAX: Final = 100
POINTS_MAX: Final = 500

Unit = Literal["share", "seconds", "count"]


class PastPoint(msgspec.Struct, frozen=True):
    """What a rule would have been judged by at a time (Unix seconds); None: it is not known."""

    at: float
    value: float | None


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the past by subject, oldest first, in steps of `step_s`, from `since` to
    `until`. `why` says why nothing is known at all; `complete` is False when time ran out, or there
    are more subjects than were looked at."""

    points: Mapping[str, Sequence[PastPoint]] = {}
    step_s: float = 0.0
    since: float = 0.0
    until: float = 0.0
    why: str = ""
    complete: bool = True


class PastFiring(msgspec.Struct, frozen=True, kw_only=True):
    """It would have fired from `start` to `end` (null: it would fire still), of a subject; `worst`
    is the number that was farthest beyond the limit."""

    subject: str
    start: float
    end: float | None
    worst: float


class BackTest(msgspec.Struct, frozen=True, kw_only=True):
    """The answer in a `sentence`; `possible` is false where it could not be looked at, and then
    nothing else says anything. `firings` are the last of `count`, the newest first. Of `unknown_s`
    seconds it cannot be known. `points` are those of the `subject` that fired most, for a chart,
    with `limit` (null where there is none) in `unit`."""

    possible: bool
    sentence: str
    count: int = 0
    firings: tuple[PastFiring, ...] = ()
    since: float = 0.0
    until: float = 0.0
    step_s: float = 0.0
    unknown_s: float = 0.0
    complete: bool = True
    subject: str = ""
    points: tuple[PastPoint, ...] = ()
    limit: float | None = None
    unit: Unit = "count"


class PastReading(Protocol):
    """Reads the past, in bounded time."""

    def past(self, condition: Condition, days: float) -> Past:
        """Raises `StoreError`."""


def back_test(
    condition: Condition, reader: PastReading, *, pending_s: float, clear_s: float, days: float
) -> BackTest:
    """The answer for the last `days`. Raises `StoreError`."""
    past = reader.past(condition, min(days, DAYS_MAX))
    if past.why:
        return BackTest(possible=False, sentence=past.why)
    rule = AlertRule(id="", name="", condition="", pending_s=pending_s, clear_s=clear_s)
    firings = [
        each
        for subject, points in past.points.items()
        for each in fired(condition, rule, subject, points)
    ]
    firings.sort(key=lambda each: (-each.start, each.subject))
    counts = dict.fromkeys(past.points, 0)
    for each in firings:
        counts[each.subject] += 1
    chosen = max(counts, key=lambda subject: counts[subject], default="")
    unknown = [each for points in past.points.values() for each in points if each.value is None]
    # The first and the last step may be there in part.
    length_s = past.until - past.since
    unknown_s = min(past.step_s * len({each.at for each in unknown}), length_s)
    return BackTest(
        possible=True,
        sentence=_sentence(len(firings), past, unknown_s),
        count=len(firings),
        firings=tuple(firings[:FIRINGS_MAX]),
        since=past.since,
        until=past.until,
        step_s=past.step_s,
        unknown_s=unknown_s,
        complete=past.complete,
        subject=chosen,
        points=_thinned(past.points.get(chosen, ()), condition),
        limit=condition.limit if isinstance(condition, Threshold) else None,
        unit="share" if is_share(condition) else "seconds" if is_duration(condition) else "count",
    )


def fired(
    condition: Condition, rule: AlertRule, subject: str, points: Sequence[PastPoint]
) -> list[PastFiring]:
    """When a rule would have fired of a subject, the oldest first."""
    found: list[PastFiring] = []
    alert: Alert | None = None
    worst = 0.0
    for point in points:
        was_firing = alert is not None and alert.phase == "firing"
        answer = _answer(condition, subject, point, was_firing=was_firing)
        step = advanced(rule, alert, answer, point.at, new_id="")
        alert = step.alert
        if alert is None:
            continue
        if answer.answer == "firing" and point.value is not None:
            worst = point.value if not was_firing else _worse(condition, worst, point.value)
        if alert.ended is not None:
            found.append(_firing(alert, worst))
            alert = None
    if alert is not None and alert.phase == "firing":
        found.append(_firing(alert, worst))
    return found


def _firing(alert: Alert, worst: float) -> PastFiring:
    end = None if alert.ended is None else alert.ended
    return PastFiring(subject=alert.subject, start=alert.fired or 0.0, end=end, worst=worst)


def _answer(
    condition: Condition, subject: str, point: PastPoint, *, was_firing: bool
) -> SubjectAnswer:
    if point.value is None:
        return SubjectAnswer(subject=subject, answer="cannot be known", sentence="")
    fires = crosses(condition, point.value, was_firing=was_firing)
    return SubjectAnswer(
        subject=subject, answer="firing" if fires else "well", sentence="", value=point.value
    )


def _worse(condition: Condition, one: float, other: float) -> float:
    below = isinstance(condition, Threshold) and condition.operator in {"<", "<="}
    return min(one, other) if below else max(one, other)


def _thinned(points: Sequence[PastPoint], condition: Condition) -> tuple[PastPoint, ...]:
    """At most `POINTS_MAX`: of several that lie together the one that counts most."""
    width = -(-len(points) // POINTS_MAX)
    if width <= 1:
        return tuple(points)
    found = []
    for start in range(0, len(points), width):
        some = [each for each in points[start : start + width] if each.value is not None]
        if not some:
            found.append(points[start])
            continue
        chosen = some[0]
        for each in some[1:]:
            value = _worse(condition, chosen.value or 0.0, each.value or 0.0)
            chosen = each if value == each.value else chosen
        found.append(chosen)
    return tuple(found)


def _sentence(count: int, past: Past, unknown_s: float) -> str:
    length = spoken_duration(max(60.0, past.until - past.since))
    if count:
        times = "once" if count == 1 else number(count, "time")
        sentence = f"It would have fired {times} in the last {length}."
    else:
        sentence = f"It would not have fired in the last {length}."
    if unknown_s:
        sentence += f" For {spoken_duration(unknown_s)} of that it cannot be known."
    if not past.complete:
        sentence += " Not all was looked at, so it may be more."
    return f"{sentence} It was looked at in steps of {spoken_duration(past.step_s)}."
