"""What rules about tasks are judged by: counts and durations of roll-ups, and what matches now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from umbel.cluster.attempts import FAILURE, REVOKED, SUCCESS
from umbel.services.alerts.condition import (
    Absence,
    CountMeasure,
    CountThreshold,
    DailyDeadline,
    DurationThreshold,
    MatchThreshold,
)
from umbel.services.alerts.condition_text import tasks_of
from umbel.services.alerts.history_state import HistoryState
from umbel.services.alerts.judge import MISSED_BEFORE, AlertEvidence, AlertReading
from umbel.services.alerts.links import between, is_state, link_of_tasks
from umbel.services.alerts.observed import deadline_text, over_the_last
from umbel.services.search.outside_terms import OutsideTerms
from umbel.services.search.search import BUCKET_STEPS_S
from umbel.services.time_zones import zone_of
from umbel.store.base import Store
from umbel.store.series import Counts, CountSeries, DurationSeries

#: How long the store may take for one question, seconds.
QUESTION_S: Final = 0.5
#: About so many buckets are read of a window.
_BUCKETS: Final = 120


class TaskReadings:
    """Asks the store. One thread at a time; raises `StoreError`."""

    def __init__(self, store: Store, terms: OutsideTerms) -> None:
        self._store = store
        self._resolved = terms.resolved

    def count(self, condition: CountThreshold, state: HistoryState) -> AlertEvidence:
        found = self._counts(condition, state, condition.window_s)
        value = measured(condition, counts_since(found, state.now - condition.window_s))
        link = _link_of_counted(condition, state.now)
        if value is None:
            why = "How many tasks were seen cannot be counted by their state; ask for failures."
            return AlertEvidence(readings=(AlertReading(why=why, link=link),))
        reading = AlertReading(value=value, link=link, at_least=not found.complete)
        return state.evidence((reading,), condition.window_s, self._store)

    def duration(self, condition: DurationThreshold, state: HistoryState) -> AlertEvidence:
        window_s = condition.window_s
        moment = "finished" if condition.measure == "runtime" else "started"
        link = link_of_tasks(condition.query, between(moment, state.now - window_s, state.now))
        found = state.once(
            (condition.measure, condition.text, window_s),
            lambda: self._store.series(
                self._resolved(condition.query),
                now=state.now,
                measure=condition.measure,
                start=state.now - window_s,
                end=state.now,
                bucket_s=bucket_of_window(window_s),
                budget_s=QUESTION_S,
            ),
        )
        assert isinstance(found, DurationSeries)  # noqa: S101  of a duration
        if found.total is None and condition.operator in {"<", "<="}:
            reading = AlertReading(why="None of these tasks ended.", a_while=True, link=link)
        else:
            # Nothing was measured, so nothing was long.
            value = 0.0 if found.total is None else getattr(found.total, condition.statistic)
            text = _not_measured(condition) if found.total is None else ""
            reading = AlertReading(value=value, text=text, link=link, at_least=not found.complete)
        return state.evidence((reading,), window_s, self._store)

    def matches(self, condition: MatchThreshold, state: HistoryState) -> AlertEvidence:
        cap = max(10_000, int(condition.limit) + 1)
        found = state.once(
            ("matches", condition.text, cap),
            lambda: self._store.count(
                self._resolved(condition.query),
                now=state.now,
                cap=cap,
                budget_s=QUESTION_S,
            ),
        )
        reading = AlertReading(
            value=float(found.total),
            at_least=not found.complete,
            link=link_of_tasks(condition.query),
        )
        if state.blind:
            return AlertEvidence(blind=state.blind)
        return AlertEvidence(readings=(reading,), behind=state.behind)

    def absence(self, condition: Absence, state: HistoryState) -> AlertEvidence:
        found = self._counts(condition, state, condition.for_s)
        count = found.total.succeeded if condition.what == "success" else found.total.seen
        seen = between("seen", state.now - condition.for_s, state.now)
        link = link_of_tasks(condition.query, seen)
        if count is None:
            why = "Whether tasks were seen cannot be asked by their state; ask for no success."
            return AlertEvidence(readings=(AlertReading(why=why, link=link),))
        value = 0.0 if count else condition.for_s
        reading = AlertReading(value=value, link=link, at_least=not found.complete and not count)
        return state.evidence((reading,), condition.for_s, self._store)

    def deadline(self, condition: DailyDeadline, state: HistoryState) -> AlertEvidence:
        start, due = deadline_of(condition, state.now)
        is_due = state.now >= due
        if not is_due:
            start, _ = deadline_of(condition, state.now, days_before=1)
        found = self._counts(condition, state, state.now - start)
        missing = found.total.succeeded == 0
        reading = AlertReading(
            value=float(missing) if is_due else MISSED_BEFORE * missing,
            text="" if is_due else f"It is not {deadline_text(condition)} yet.",
            link=link_of_tasks(condition.query, between("seen", start, state.now)),
            at_least=is_due and missing and not found.complete,
        )
        return state.evidence((reading,), state.now - start, self._store)

    def _counts(
        self,
        condition: CountThreshold | Absence | DailyDeadline,
        state: HistoryState,
        window_s: float,
    ) -> CountSeries:
        found = state.once(
            ("count", condition.text, window_s),
            lambda: self._store.series(
                self._resolved(condition.query),
                now=state.now,
                measure="count",
                start=state.now - window_s,
                end=state.now,
                bucket_s=bucket_of_window(window_s),
                budget_s=QUESTION_S,
            ),
        )
        assert isinstance(found, CountSeries)  # noqa: S101  of a count
        return found


#: In which state the tasks of a measure are; of a failure rate, those to look at.
_STATES: Final[Mapping[CountMeasure, str]] = {
    "failure rate": FAILURE, "failures": FAILURE, "successes": SUCCESS, "revocations": REVOKED,
}  # fmt: skip


def _link_of_counted(condition: CountThreshold, now: float) -> str:
    """The tasks that were counted: by when they ended, as they are counted, or were first seen."""
    state, start = _STATES.get(condition.measure), now - condition.window_s
    if state is None:
        return link_of_tasks(condition.query, between("seen", start, now))
    return link_of_tasks(condition.query, is_state(state), between("finished", start, now))


def _not_measured(condition: DurationThreshold) -> str:
    verb = "ended" if condition.measure == "runtime" else "began"
    return f"None of {tasks_of(condition.query)} {verb} {over_the_last(condition.window_s)}."


def measured(condition: CountThreshold, counts: Counts) -> float | None:
    """The measure of these counts; None where it is not known."""
    if condition.measure == "failure rate":
        ended = counts.failed + counts.succeeded
        return counts.failed / ended if ended else 0.0
    found = {
        "failures": counts.failed,
        "successes": counts.succeeded,
        "revocations": counts.revoked,
        "tasks": counts.seen,
    }[condition.measure]
    return None if found is None else float(found)


def counts_since(found: CountSeries, start: float) -> Counts:
    """The counts of a series from `start` on. It is of whole buckets, the first of which may begin
    a minute before: of a rule over one minute that would be twice its time. How much of that bucket
    lies before is taken to be its share of the time."""
    first = next((each for each in found.buckets if each.start < start), None)
    if first is None:
        return found.total
    share = min(1.0, (start - first.start) / found.bucket_s)
    seen = found.total.seen
    return Counts(
        seen=None if seen is None else seen - round((first.seen or 0) * share),
        succeeded=found.total.succeeded - round(first.succeeded * share),
        failed=found.total.failed - round(first.failed * share),
        revoked=found.total.revoked - round(first.revoked * share),
    )


def bucket_of_window(window_s: float) -> float:
    """The width of buckets in which a window is read, seconds."""
    return next(
        (step for step in BUCKET_STEPS_S if step * _BUCKETS >= window_s), BUCKET_STEPS_S[-1]
    )


def deadline_of(
    condition: DailyDeadline, now: float, *, days_before: int = 0
) -> tuple[float, float]:
    """From when on a success counts, and when it is due, of the day of `now` (Unix seconds) or one
    before it. A time of the day that comes twice is the first."""
    zone = zone_of(condition.zone)
    day = datetime.fromtimestamp(now, zone).date() - timedelta(days=days_before)
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    due = midnight.replace(hour=condition.minute // 60, minute=condition.minute % 60).timestamp()
    start = midnight.timestamp() if condition.window_s is None else due - condition.window_s
    return start, due
