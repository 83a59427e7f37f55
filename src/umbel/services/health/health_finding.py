"""A finding: one thing that is wrong with the cluster, in sentences, with what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2s
from typing import Final, Literal

import msgspec

from umbel.services.control.types import ActionRequest
from umbel.services.health.facts import Point

#: `critical`: work stands still, fails, or is not recorded. `warning`: it soon may, or a part does.
#: `notice`: to be known, not to be got up for.
Weight = Literal["critical", "warning", "notice"]
WEIGHTS: Final[tuple[Weight, ...]] = ("critical", "warning", "notice")
#: The most points that an evidence has; of more, those in between are left out.
POINTS_MAX: Final = 60


class FindingEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong as a line: of a queue, of a worker, or a series of tasks; `name` is whose it
    is, empty for all. `points` are oldest first, `unit` what they count, `usual` the value that is
    usual, None where that is unknown."""

    kind: Literal["queue", "series", "worker"]
    unit: Literal["messages", "tasks", "seconds", "share", "bytes"]
    name: str = ""
    points: tuple[Point, ...] = ()
    usual: float | None = None


class FindingAction(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do: a `plan` of an action (`request`, to be planned and shown first), or a
    `link` to a list (`address`, below that of the cluster)."""

    label: str
    kind: Literal["plan", "link"]
    request: ActionRequest | None = None
    address: str | None = None


class Muted(msgspec.Struct, frozen=True, kw_only=True):
    """Who wants to hear no more of a finding, until when (Unix seconds), and why."""

    by: str
    until: float
    reason: str


class HealthFinding(msgspec.Struct, frozen=True, kw_only=True):
    """`id` is the same as long as the same `rule` finds it of the same `subject` (a worker, a
    queue, a task name; empty for the whole). `since` is when it began (Unix seconds), None if
    unknown; `docs` the address of its section in the documentation."""

    id: str
    rule: str
    subject: str
    severity: Weight
    sentence: str
    why: str
    since: float | None
    evidence: FindingEvidence | None
    action: FindingAction
    docs: str
    muted: Muted | None = None


def finding_id(rule: str, subject: str = "") -> str:
    """The id of what a rule finds of a subject: short, and fit for an address."""
    if not subject:
        return rule
    digest = blake2s(subject.encode(errors="surrogatepass"), digest_size=6).hexdigest()
    return f"{rule}.{digest}"


def thinned(points: Sequence[Point]) -> tuple[Point, ...]:
    """At most `POINTS_MAX` of them, the first and the last among them."""
    if len(points) <= POINTS_MAX:
        return tuple(points)
    step = (len(points) - 1) / (POINTS_MAX - 1)
    return tuple(points[round(step * number)] for number in range(POINTS_MAX))
