"""The judgement of a rule: a pure function of what could be read, with four answers.

`firing` and `well` are said where they are sure. A history that is blind or behind is never `well`:
then the answer is `cannot be known`, with why. One that is too young is `not yet known`. What is
missing counts by its direction: of a rule that fires above a limit, events that passed unseen could
only have made it more, so what fires fires all the same; of one that fires below it, or where
something is absent, they could have ended it.

A number that lies at its limit would fire and end again and again: what fires above a limit ends
below nine tenths of it (hysteresis).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final, Literal

import msgspec

from umbel.services.alerts.condition import (
    Absence,
    Condition,
    DailyDeadline,
    ErrorAppears,
    FindingAppears,
    Operator,
    Threshold,
    WorkerSilence,
)
from umbel.services.alerts.observed import observed

Answer = Literal["firing", "well", "not yet known", "cannot be known"]
ANSWERS: Final[tuple[Answer, ...]] = ("firing", "cannot be known", "not yet known", "well")
#: What fires above a limit ends below this part of it.
ENDS_BELOW: Final = 0.9
#: Of a window in which so large a part of the events may have passed unseen little is sure.
MISSED_MAX: Final = 0.1
#: The number of a deadline that is still to come, where that of the day before was missed and
#: nothing came since: it begins nothing, and ends nothing.
MISSED_BEFORE: Final = 0.5

_COMPARED: Final[Mapping[Operator, Callable[[float, float], bool]]] = {
    ">": lambda value, limit: value > limit,
    ">=": lambda value, limit: value >= limit,
    "<": lambda value, limit: value < limit,
    "<=": lambda value, limit: value <= limit,
}


class AlertReading(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of one `subject` (a queue, worker, error or finding; empty for the whole).
    `value` is None where `why` says why it is not known, which may be only for `a_while`. `text`
    is what is known of the subject in words, `link` the page of it, below the cluster. `at_least`:
    time ran out, so it may be more."""

    subject: str = ""
    value: float | None = None
    why: str = ""
    a_while: bool = False
    text: str = ""
    link: str = ""
    at_least: bool = False


class AlertEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule is judged by. Sentences say why nothing can be known (`blind`), why the newest is
    missing (`behind`), and why the window reaches back too far (`young`). `missed` is which part of
    the window may have passed unseen. `unread` says why there may be more than was read. `gone`:
    others were read, so what is not among them is not there, and above no limit."""

    readings: tuple[AlertReading, ...] = ()
    blind: str = ""
    behind: str = ""
    young: str = ""
    missed: float = 0.0
    unread: str = ""
    gone: bool = False


class SubjectAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer for one subject, and why in a sentence."""

    subject: str
    answer: Answer
    sentence: str
    value: float | None = None
    link: str = ""


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of a rule: that of the subject for which it is gravest. `others` is the answer for
    a subject of which it fired before and nothing was read now: `well` only where it would have
    been read if it were still so."""

    answer: Answer
    sentence: str
    subjects: tuple[SubjectAnswer, ...] = ()
    others: Answer = "cannot be known"


def judge(condition: Condition, evidence: AlertEvidence, firing: Collection[str] = ()) -> Judgement:
    """The judgement. `firing`: subjects of which it fired before."""
    if evidence.blind:
        return Judgement(answer="cannot be known", sentence=evidence.blind)
    answers = tuple(
        _answer(condition, evidence, each, was_firing=each.subject in firing)
        for each in evidence.readings
    )
    if not answers:
        return _of_nothing(condition, evidence)
    gravest = min(answers, key=lambda each: ANSWERS.index(each.answer))
    nothing = _of_nothing(condition, evidence)
    is_all_known = nothing.answer != "cannot be known"
    said = gravest if is_all_known or gravest.answer == "firing" else nothing
    return Judgement(
        answer=said.answer,
        sentence=said.sentence,
        subjects=answers,
        # Where others of its kind were seen, it is not there any more.
        others="well" if is_all_known else "cannot be known",
    )


def crosses(condition: Condition, value: float, *, was_firing: bool = False) -> bool:
    """Whether a rule fires at this number."""
    if isinstance(condition, ErrorAppears | FindingAppears):
        return value > 0
    if isinstance(condition, DailyDeadline):
        return value > MISSED_BEFORE or (was_firing and value == MISSED_BEFORE)
    if isinstance(condition, WorkerSilence):
        return value >= condition.silent_s
    if isinstance(condition, Absence):
        return value >= condition.for_s
    if was_firing and condition.operator in {">", ">="}:
        return value > condition.limit * ENDS_BELOW or _compared(condition, value)
    return _compared(condition, value)


def _compared(condition: Threshold, value: float) -> bool:
    return _COMPARED[condition.operator](value, condition.limit)


def _answer(
    condition: Condition, evidence: AlertEvidence, reading: AlertReading, *, was_firing: bool
) -> SubjectAnswer:
    if reading.value is None:
        answer: Answer = "not yet known" if reading.a_while else "cannot be known"
        return _of(reading, answer, reading.why)
    fires = crosses(condition, reading.value, was_firing=was_firing)
    doubt = _doubt(condition, evidence, fires=fires, at_least=reading.at_least)
    if doubt is not None:
        return _of(reading, *doubt)
    # That a deadline is still to come is told where the one before was met.
    text = "" if fires and isinstance(condition, DailyDeadline) else reading.text
    sentence = observed(condition, reading.subject, reading.value, text)
    return _of(reading, "firing" if fires else "well", sentence)


def _doubt(
    condition: Condition, evidence: AlertEvidence, *, fires: bool, at_least: bool
) -> tuple[Answer, str] | None:
    """Why a number is not believed."""
    could_only_grow = _fires_above(condition) and fires
    if could_only_grow:
        return None
    if evidence.behind:
        return "cannot be known", evidence.behind
    if at_least:
        return "cannot be known", "Time ran out before all of it was read."
    if not _fires_above(condition) and not fires:
        return None
    if evidence.young:
        return "not yet known", evidence.young
    if evidence.missed > MISSED_MAX:
        part = f"{evidence.missed * 100:.0f} %"
        return "cannot be known", f"Of {part} of that time events may have passed unseen."
    return None


def _fires_above(condition: Condition) -> bool:
    if isinstance(condition, Absence | DailyDeadline | WorkerSilence):
        return False
    if isinstance(condition, ErrorAppears | FindingAppears):
        return True
    return condition.operator in {">", ">="}


def _of_nothing(condition: Condition, evidence: AlertEvidence) -> Judgement:
    if evidence.unread:
        return Judgement(answer="cannot be known", sentence=evidence.unread)
    if evidence.behind:
        return Judgement(answer="cannot be known", sentence=evidence.behind)
    if isinstance(condition, ErrorAppears | FindingAppears):
        if evidence.missed > MISSED_MAX:
            sentence = "Events of that time may have passed unseen."
            return Judgement(answer="cannot be known", sentence=sentence)
        what = "error" if isinstance(condition, ErrorAppears) else "finding"
        return Judgement(answer="well", sentence=f"There is no such {what}.", others="well")
    others: Answer = "well" if evidence.gone and _fires_above(condition) else "cannot be known"
    sentence = "Nothing of this name was seen yet."
    return Judgement(answer="not yet known", sentence=sentence, others=others)


def _of(reading: AlertReading, answer: Answer, sentence: str) -> SubjectAnswer:
    return SubjectAnswer(
        subject=reading.subject,
        answer=answer,
        sentence=sentence,
        value=reading.value,
        link=reading.link,
    )
