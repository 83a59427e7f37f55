"""Health in one line, for lists of clusters: the gravest sentence, and how many more. Pure."""

from __future__ import annotations

from typing import Final

import msgspec

from umbel.services.health.health_finding import Weight
from umbel.services.health.health_findings import HealthAnswer
from umbel.services.health.liveness import Liveness


class HealthSummary(msgspec.Struct, frozen=True, kw_only=True):
    """How a cluster is, as of `asked_at` (Unix seconds). `sentence` is that of the gravest finding,
    whose `severity` it has, of `findings` that are open (muted ones do not count); or that all is
    `well`; or else why that is not known."""

    well: bool
    severity: Weight | None
    sentence: str
    findings: int
    at: float = msgspec.field(name="asked_at")


#: What is said where nothing is wrong, and it cannot be called well.
_UNSURE: Final = "Nothing wrong was found, and not everything could be looked at."


def summary(found: HealthAnswer, live: Liveness) -> HealthSummary:
    """An answer in one line; `live` is how live the history is."""
    open_ones = [each for each in found.findings if each.muted is None]
    if open_ones:
        worst = open_ones[0]
        return HealthSummary(
            well=False,
            severity=worst.severity,
            sentence=worst.sentence,
            findings=len(open_ones) + found.more,
            at=found.at,
        )
    if found.well is not None:
        sentence = found.well
    elif live.state != "live":
        sentence = live.sentence
    else:
        sentence = found.unknown[0] if found.unknown else _UNSURE
    return HealthSummary(
        well=found.well is not None, severity=None, sentence=sentence, findings=0, at=found.at
    )


def unsummarized(sentence: str, at: float) -> HealthSummary:
    """The same of a cluster of which nothing could be read, and why."""
    return HealthSummary(well=False, severity=None, sentence=sentence, findings=0, at=at)
