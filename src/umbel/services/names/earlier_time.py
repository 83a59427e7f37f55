"""Which time names are compared with: the time before, the same time yesterday or a week ago, or
the time before the last deploy.

Each is as long as the time that is looked at. A deploy that lies within that time divides it: then
what is looked at begins with the deploy, so that both sides are of one version. Nothing is compared
with a time that the history does not reach, or that overlaps with what is looked at; why is a
sentence.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from umbel.services.deploys.marks import DeployMark
from umbel.services.errors.trend import TimeSpan
from umbel.services.names.rows import Against, DeployBefore, EarlierTime
from umbel.services.phrases import span as length

_DAY_S: Final = 86_400.0
_SHIFTS_S: Final[dict[Against, float]] = {"yesterday": _DAY_S, "last-week": 7 * _DAY_S}
_TIMES: Final[dict[Against, str]] = {
    "before": "as long a time before",
    "yesterday": "the same time yesterday",
    "last-week": "the same time a week ago",
    "last-deploy": "as long a time before the last deploy",
}


class Compared(NamedTuple):
    """`span` is looked at, and compared with `earlier`; None if it is not, and why not."""

    span: TimeSpan
    earlier: EarlierTime | None
    why_not: str = ""


def compared(
    against: Against, span: TimeSpan, last: DeployMark | None, oldest: float | None
) -> Compared:
    """`last` is the last deploy that began before the end of the span, `oldest` when the history
    begins (Unix seconds, None without any)."""
    shift_s = _SHIFTS_S.get(against)
    if shift_s is not None and span.until - span.since > shift_s:
        why_not = f"This time is longer than {length(shift_s)} and would overlap with the other."
        return Compared(span, None, why_not)
    deploy = None
    if shift_s is not None:
        earlier = TimeSpan(span.since - shift_s, span.until - shift_s)
    elif against == "before":
        earlier = TimeSpan(span.since - (span.until - span.since), span.since)
    elif last is None:
        return Compared(span, None, "No deploy before this time is known.")
    else:
        deploy = DeployBefore(id=last.id, at=last.at, title=last.title, version=last.version)
        divided = TimeSpan(max(span.since, last.at), span.until)
        earlier = TimeSpan(last.at - (divided.until - divided.since), last.at)
        if oldest is not None and oldest <= earlier.since:
            span = divided
    if oldest is None or oldest > earlier.since:
        why_not = f"The history does not reach back to {_TIMES[against]}."
        return Compared(span, None, why_not)
    return Compared(span, EarlierTime(since=earlier.since, until=earlier.until, deploy=deploy))
