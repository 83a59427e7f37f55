"""Failures, waits and runtimes that have risen against the same hour of the days before.

A rise is told only where there is enough of both: of now, and of so many days before. Compared is
with the worst of those days, so that what happens every week at this hour is none.

Where too few days are known, failures are compared with the hours before. These may be bad already,
as the trouble may be older than an hour, so compared is with what most of them had; and since that
is less than the worst, the rise must be no chance (Wilson's interval, three standard deviations).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from umbel.query.ast import Node
from umbel.services.deploys.marks import in_a_sentence
from umbel.services.errors.over_representation import wilson
from umbel.services.health.facts import (
    USUAL_DAYS_MIN,
    USUAL_HOURS_MIN,
    CountFact,
    DurationFact,
    HealthFacts,
    Point,
)
from umbel.services.health.health_finding import FindingEvidence, HealthFinding, Weight, thinned
from umbel.services.health.rules.base import (
    cut,
    during,
    few,
    finding,
    link,
    tasks,
    threshold,
    where,
)
from umbel.services.phrases import number, percent, span
from umbel.store.series import Counts

#: So many tasks of a name must have ended in the last quarter of an hour, and in each time that is
#: compared with.
TASKS_MIN: Final = 20
#: Failures have risen when there are so many, and their share is so many times that of the worst
#: day before, and higher by so much.
FAILURES_MIN: Final = 5
FAILURE_TIMES: Final = 2.0
FAILURE_MORE: Final = 0.05
#: A share of failures that is grave, and is told where nothing before is known, too.
FAILURE_GRAVE: Final = 0.5
#: Waits have risen when 95 in 100 took up to so many seconds, and so many times what was usual.
WAIT_MIN_S: Final = 5.0
WAIT_TIMES: Final = 3.0
WAIT_GRAVE_S: Final = 300.0
#: A step of the recent time, seconds.
STEP_S: Final = 60.0
#: A rise is told with a deploy that began no longer before it, seconds.
DEPLOY_S: Final = 1_800.0
#: The same for runtimes.
RUNTIME_MIN_S: Final = 1.0
RUNTIME_TIMES: Final = 2.0

_WHY_FAILURES: Final = (
    "Something that used to work does not: a deploy, a service it needs, its input."
)
_WHY_WAIT: Final = (
    "Whoever waits for these tasks notices. There are too few workers for what is sent, or "
    "something else takes their time."
)
_WHY_RUNTIME: Final = (
    "The same work takes longer, so that fewer tasks fit into a minute: a service or database it "
    "needs has become slow, or its input large."
)


def failures_risen(facts: HealthFacts) -> Iterable[HealthFinding]:
    """More of a name's tasks fail than at this hour of any day before, or than in most of the hours
    before."""
    found = [each for fact in facts.counts if (each := _failing(facts, fact))]

    return few(
        found,
        lambda count, who: f"{number(count, 'more task name')} fail more than usual: {who}.",
        tasks("See what failed", where("state", "FAILURE"), _recently("finished")),
    )


def _failing(facts: HealthFacts, fact: CountFact) -> HealthFinding | None:
    rule, recent = "failures-risen", fact.recent
    share = _share(recent)
    if _ended(recent) < TASKS_MIN or share is None:
        return None
    if recent.failed < threshold(facts, rule, fact.name, FAILURES_MIN):
        return None
    before = _failures_before(fact)
    usual = None if before is None else before.share
    if before is None or (before.is_of_hours and _may_be_chance(recent, before.share)):
        limit = FAILURE_GRAVE
    else:
        limit = max(before.share * FAILURE_TIMES, before.share + FAILURE_MORE)
        # Where half failed every day, all of them failing is news as well.
        limit = min(limit, (1.0 + before.share) / 2)
    if share < threshold(facts, rule, fact.name, limit):
        return None
    steps = [(at, _share(each) or 0.0) for at, each in fact.steps]
    since = _began(steps, limit)
    deployed = _deployed(facts, since, steps)
    return finding(
        rule,
        fact.name,
        "critical" if share >= FAILURE_GRAVE else "warning",
        f"{percent(share)} of {cut(fact.name)} failed in the last {span(facts.recent_s)} "
        f"({recent.failed:,} of {_ended(recent):,}){_against(before)}.{deployed}",
        why=_WHY_FAILURES,
        since=since,
        evidence=FindingEvidence(
            kind="series",
            unit="share",
            name=fact.name,
            points=thinned([Point(*each) for each in steps]),
            usual=usual,
        ),
        action=tasks(
            "See what failed",
            where("state", "FAILURE"),
            where("name", fact.name),
            _recently("finished"),
        ),
    )


class _Before(NamedTuple):
    """The share of failures that is compared with: of most of so many `hours` before, or of the
    worst day (0 hours)."""

    share: float
    hours: int = 0

    @property
    def is_of_hours(self) -> bool:
        return self.hours > 0


def _failures_before(fact: CountFact) -> _Before | None:
    """None where too little is known."""
    days = _shares(fact.usual)
    if len(days) >= USUAL_DAYS_MIN:
        return _Before(days[-1])
    hours = _shares(fact.hours)
    if len(hours) >= USUAL_HOURS_MIN:
        return _Before(hours[len(hours) // 2], len(hours))
    return None


def _shares(counts: Iterable[Counts]) -> list[float]:
    """Of those with enough tasks, the smallest first."""
    return sorted(_share(each) or 0.0 for each in counts if _ended(each) >= TASKS_MIN)


def _may_be_chance(recent: Counts, usual: float) -> bool:
    low, _ = wilson(recent.failed, _ended(recent))
    return low <= usual


def _against(before: _Before | None) -> str:
    if before is None:
        return ""
    when = (
        f"in most of the {before.hours} hours before"
        if before.is_of_hours
        else "at this hour of the days before"
    )
    if before.share:
        return f"; {when} it was {percent(before.share)} at most"
    return f"; {when} none did"


class _Rise(NamedTuple):
    """What distinguishes waits from runtimes."""

    rule: str
    least_s: float
    times: float
    grave_s: float
    verb: str
    why: str
    field: str


_WAIT: Final = _Rise(
    "wait-risen", WAIT_MIN_S, WAIT_TIMES, WAIT_GRAVE_S, "wait", _WHY_WAIT, "started"
)
_RUNTIME: Final = _Rise(
    "runtime-risen", RUNTIME_MIN_S, RUNTIME_TIMES, float("inf"), "run", _WHY_RUNTIME, "finished"
)


def wait_risen(facts: HealthFacts) -> Iterable[HealthFinding]:
    """Tasks of a name wait longer for their start than at this hour of any day before."""
    return _risen(facts, facts.waits, _WAIT)


def runtime_risen(facts: HealthFacts) -> Iterable[HealthFinding]:
    """Tasks of a name run longer than at this hour of any day before."""
    return _risen(facts, facts.runtimes, _RUNTIME)


def _risen(
    facts: HealthFacts, durations: Sequence[DurationFact], rise: _Rise
) -> Iterable[HealthFinding]:
    found = [each for fact in durations if (each := _longer(facts, fact, rise))]

    return few(
        found,
        lambda count, who: (
            f"Tasks of {number(count, 'more name')} {rise.verb} longer than usual: {who}."
        ),
        link("Look at the tasks", "tasks?order=-" + rise.field),
    )


def _longer(facts: HealthFacts, fact: DurationFact, rise: _Rise) -> HealthFinding | None:
    recent = fact.recent
    known = [each.p95 for each in fact.usual if each.n >= TASKS_MIN]
    if recent.n < TASKS_MIN or len(known) < USUAL_DAYS_MIN:
        return None
    usual = max(known)
    limit = max(rise.least_s, usual * rise.times)
    if recent.p95 < threshold(facts, rise.rule, fact.name, limit):
        return None
    steps = [(at, each.p95) for at, each in fact.steps]
    since = _began(steps, limit)
    severity: Weight = "critical" if recent.p95 >= rise.grave_s else "warning"
    return finding(
        rise.rule,
        fact.name,
        severity,
        f"{cut(fact.name)} now {rise.verb}s up to {span(recent.p95)} (95 in 100, of "
        f"{number(recent.n, 'task')}); at this hour of the days before it was {span(usual)} "
        f"at most.{_deployed(facts, since, steps)}",
        why=rise.why,
        since=since,
        evidence=FindingEvidence(
            kind="series",
            unit="seconds",
            name=fact.name,
            points=thinned([Point(*each) for each in steps]),
            usual=usual,
        ),
        action=tasks(
            "See the slowest" if rise is _RUNTIME else "See who waits",
            where("name", fact.name),
            _recently(rise.field),
        ),
    )


def _recently(field: str) -> Node:
    return during(field, 1_200.0)


def _ended(counts: Counts) -> int:
    return counts.succeeded + counts.failed


def _share(counts: Counts) -> float | None:
    ended = _ended(counts)
    return counts.failed / ended if ended else None


def _deployed(facts: HealthFacts, since: float | None, steps: Sequence[tuple[float, float]]) -> str:
    """A sentence about the last deploy shortly before the rise; empty without one. A rise that was
    there before the first step began nobody knows when."""
    began = since if since is not None else next((at for at, _ in steps), None)
    if began is None:
        return ""
    # A step has what came within it, the deploy among it.
    end = began + STEP_S if since is not None else began
    near = [each for each in facts.deploys if began - DEPLOY_S <= each.at < end]
    if not near:
        return ""
    what = in_a_sentence(near[-1].title)
    if since is None:
        return f" Within half an hour before this time there was {what}."
    after_s = began - near[-1].at
    when = f"{span(after_s)} after" if after_s >= STEP_S else "with"
    return f" It began {when} {what}."


def _began(steps: Sequence[tuple[float, float]], limit: float) -> float | None:
    """The beginning of the steps at the end that are above the limit; None if that is before all
    of them, or unknown."""
    since = None
    for at, value in reversed(steps):
        if value < limit:
            return since
        since = at
    return None
