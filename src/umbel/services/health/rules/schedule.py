"""Beat that sends nothing, and entries whose last run was missed or waits."""

from __future__ import annotations

from collections.abc import Iterable

from umbel.path_parts import path_part
from umbel.services.health.facts import EntryFact, HealthFacts
from umbel.services.health.health_finding import HealthFinding
from umbel.services.health.rules.base import cut, few, finding, link
from umbel.services.phrases import number, span

_WHY_SILENT = "What should run at its time does not, and nothing else says so: beat has no workers."


def beat_silent(facts: HealthFacts) -> Iterable[HealthFinding]:
    """Entries were due, and beat sent none of them."""
    beat = facts.beat
    if beat is None or beat.silent_since is None:
        return ()
    return (
        finding(
            "beat-silent",
            "",
            "critical",
            beat.sentence,
            why=_WHY_SILENT,
            since=beat.silent_since,
            action=link("Look at the schedule", "schedule"),
        ),
    )


_WHY_MISSED = "What depends on this run goes without it until the next."


def entry_missed(facts: HealthFacts) -> Iterable[HealthFinding]:
    """An entry's last run did not come; while beat is silent that is said of all at once."""
    beat = facts.beat
    if beat is None or beat.silent_since is not None:
        return ()
    found = [_missed(each, facts.now) for each in beat.missed]
    return few(
        found,
        lambda count, who: f"{number(count, 'more entry', 'more entries')} missed a run: {who}.",
        link("Look at the schedule", "schedule"),
        is_dated=True,
    )


def _missed(entry: EntryFact, now: float) -> HealthFinding:
    what = "waits since its run" if entry.waits else "missed its run"
    return finding(
        "entry-missed",
        entry.name,
        "warning",
        f"{cut(entry.name)} {what} {span(now - entry.due)} ago. {entry.reason}".strip(),
        why=_WHY_MISSED,
        since=entry.due,
        action=link("Look at the entry", f"schedule/{path_part(entry.id)}"),
    )
