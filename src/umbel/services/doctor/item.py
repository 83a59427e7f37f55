"""What a check of the doctor says: one item, with what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from umbel.services.health.health_finding import FindingAction, Muted

#: `fault`: something does not work, or loses. `advice`: it works, and could be better or safer.
#: `unknown`: it could not be looked at. `well`: nothing to do.
Verdict = Literal["fault", "advice", "unknown", "well"]
VERDICTS: Final[tuple[Verdict, ...]] = ("fault", "advice", "unknown", "well")
#: So many pieces of evidence are shown; what else there is has a number.
EVIDENCE_MAX: Final = 6


class DoctorFix(msgspec.Struct, frozen=True, kw_only=True):
    """What mends it: `text` to copy, and `where` it belongs; or an `action` that is planned and
    shown first, or a list to look at."""

    text: str = ""
    where: str = ""
    action: FindingAction | None = None


class DoctorItem(msgspec.Struct, frozen=True, kw_only=True):
    """What the check `id` found of its `subject`. `finding` is a sentence, `evidence` are the
    facts behind it, `why` says why it matters, `cannot` what cannot be known (empty: nothing),
    `docs` is the address of its section in the documentation."""

    id: str
    subject: str
    verdict: Verdict
    finding: str
    evidence: tuple[str, ...]
    why: str
    fix: DoctorFix | None
    cannot: str
    docs: str
    muted: Muted | None = None


class CheckAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The same without what the table of checks adds."""

    verdict: Verdict
    finding: str
    evidence: tuple[str, ...] = ()
    why: str = ""
    fix: DoctorFix | None = None
    cannot: str = ""


def well(finding: str, *, evidence: Sequence[str] = (), cannot: str = "") -> CheckAnswer:
    return CheckAnswer(verdict="well", finding=finding, evidence=shown(evidence), cannot=cannot)


def unknown(finding: str, cannot: str) -> CheckAnswer:
    """`cannot` says what it would take to know."""
    return CheckAnswer(verdict="unknown", finding=finding, cannot=cannot)


def shown(evidence: Sequence[str]) -> tuple[str, ...]:
    """At most `EVIDENCE_MAX` pieces, and how many are left out."""
    if len(evidence) <= EVIDENCE_MAX:
        return tuple(evidence)
    return (*evidence[: EVIDENCE_MAX - 1], f"and {len(evidence) - EVIDENCE_MAX + 1:,} more")


def conf(text: str) -> DoctorFix:
    """Lines for the application's configuration."""
    return DoctorFix(text=text, where="the configuration of the Celery application")


def shell(text: str) -> DoctorFix:
    """A command."""
    return DoctorFix(text=text, where="a shell")
