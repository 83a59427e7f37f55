"""Does beat send what is due, once?"""

from __future__ import annotations

from typing import Final

from umbel.services.doctor.checks.base import found_by, of_health, ungathered
from umbel.services.doctor.facts import DoctorFacts
from umbel.services.doctor.item import CheckAnswer, DoctorFix, shell, shown, unknown, well
from umbel.services.health.facts import BeatFact, EntryFact
from umbel.services.health.health_finding import FindingAction
from umbel.services.phrases import number, span

_START: Final = shell("celery -A yourapp beat  # one, on one machine")
_ALL: Final = FindingAction(label="Look at the schedule", kind="link", address="schedule")


def beat_sends(facts: DoctorFacts) -> CheckAnswer:
    """One beat runs, and sends every entry when it is due."""
    known = facts.health or facts.quick
    if known is None:
        return ungathered()
    beat = known.beat
    if beat is None:
        return well(
            "No entry of beat is known, so none can be missed.",
            cannot="Whether beat runs with entries of its own: start Umbel with -A yourapp.",
        )
    if beat.silent_since is not None:
        silent = found_by(facts, "beat-silent")
        fix = DoctorFix(text=_START.text, where=_START.where, action=_ALL)
        return of_health(silent, fix=fix, cannot=_cannot(beat)) if silent else _quiet(beat, fix)
    if beat.doubled:
        return _several(beat, facts.now)
    missed = found_by(facts, "entry-missed")
    if missed:
        return of_health(missed, cannot=_cannot(beat))
    if beat.troubles:
        return unknown(beat.troubles[0], "What beat should send, and whether it did.")
    count = number(beat.entries, "entry", "entries")
    if beat.last_sent is None:
        return well(f"{count}; none was due since Umbel records.")
    ago = span(max(0.0, facts.now - beat.last_sent))
    return well(f"{count}, none missed; the last was sent {ago} ago.")


def _quiet(beat: BeatFact, fix: DoctorFix) -> CheckAnswer:
    """Where graver findings than are listed hide that of health."""
    return CheckAnswer(verdict="fault", finding=beat.sentence, fix=fix, cannot=_cannot(beat))


def _several(beat: BeatFact, now: float) -> CheckAnswer:
    count = number(len(beat.doubled), "entry was", "entries were")
    return CheckAnswer(
        verdict="fault",
        finding=f"{count} sent more than once for one time: two beats run.",
        evidence=shown([_line(each, now) for each in beat.doubled]),
        why="Each sends every entry, so all that is due is done twice.",
        fix=DoctorFix(
            text="celery -A yourapp beat  # in one place: end the others",
            where="whatever starts beat",
            action=_ALL,
        ),
        cannot="Whether somebody else sends the same task with the same arguments at these times.",
    )


def _line(entry: EntryFact, now: float) -> str:
    return f"{entry.name}, {span(max(0.0, now - entry.due))} ago: {entry.reason}"


def _cannot(beat: BeatFact) -> str:
    return " ".join(beat.troubles)
