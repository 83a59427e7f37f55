"""What rules have in common: how a finding is made, thresholds that hold on to what is open, and
lists that are cut.

Hysteresis. What was found before (`HealthFacts.open`) stays until it is clearly over: its threshold
is then lower by a fifth. So a value that swings about a threshold is one finding, not twenty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import quote

from umbel.path_parts import path_part
from umbel.query.ast import And, Comparison, During, Matches, Moment, Node
from umbel.query.canonical import canonical
from umbel.services.control.types import ActionRequest
from umbel.services.health.facts import HealthFacts
from umbel.services.health.health_finding import (
    WEIGHTS,
    FindingAction,
    FindingEvidence,
    HealthFinding,
    Weight,
    finding_id,
)
from umbel.services.phrases import names

#: The part of a threshold below which what is open is over.
OVER_BELOW: Final = 0.8
#: So many findings of one rule stand alone, the gravest; the others become one.
EACH_MAX: Final = 3
#: The longest name in a sentence, characters.
NAME_MAX: Final = 80


def finding(
    rule: str,
    subject: str,
    severity: Weight,
    sentence: str,
    *,
    why: str,
    action: FindingAction,
    since: float | None = None,
    evidence: FindingEvidence | None = None,
) -> HealthFinding:
    """The finding of a rule."""
    return HealthFinding(
        id=finding_id(rule, subject),
        rule=rule,
        subject=subject,
        severity=severity,
        sentence=sentence,
        why=why,
        since=since,
        evidence=evidence,
        action=action,
        docs=f"docs/health#{rule}",
    )


def threshold(facts: HealthFacts, rule: str, subject: str, value: float) -> float:
    """`value`, or less where the rule found something of the subject before."""
    return value * OVER_BELOW if finding_id(rule, subject) in facts.open else value


def few(
    found: Sequence[HealthFinding],
    sentence: Callable[[int, str], str],
    action: FindingAction,
    *,
    is_dated: bool = False,
) -> tuple[HealthFinding, ...]:
    """The gravest findings of a rule, in the order given, and one for all the others, as grave as
    the gravest of these: `sentence` tells it by how many they are and their names, and where it
    `is_dated` it began with the first of them."""
    by_weight = sorted(found, key=lambda each: WEIGHTS.index(each.severity))
    if len(by_weight) <= EACH_MAX + 1:
        return tuple(by_weight)
    others = by_weight[EACH_MAX:]
    gravest = others[0]
    began = [each.since for each in others if is_dated and each.since is not None]
    rest = finding(
        gravest.rule,
        "",
        gravest.severity,
        sentence(len(others), listed([each.subject for each in others])),
        why=gravest.why,
        action=action,
        since=min(began, default=None),
    )
    return (*by_weight[:EACH_MAX], rest)


def link(label: str, address: str) -> FindingAction:
    """A way to a list."""
    return FindingAction(label=label, kind="link", address=address)


def plan(label: str, request: ActionRequest) -> FindingAction:
    """A plan to be shown."""
    return FindingAction(label=label, kind="plan", request=request)


def tasks(label: str, *conditions: Node) -> FindingAction:
    """A way to the tasks for which all of these hold."""
    return link(label, f"tasks?q={quote(canonical(And(conditions)), safe='')}")


def where(field: str, *values: str) -> Node:
    """The field has one of these values."""
    return Matches(field, Comparison.EQUALS, values)


def during(field: str, ago_s: float | None = None, until_ago_s: float | None = None) -> Node:
    """The time of the field lies between so many seconds ago and so many."""
    return During(field, _ago(ago_s), _ago(until_ago_s))


def _ago(seconds: float | None) -> Moment | None:
    return None if seconds is None else Moment(relative=-round(seconds))


def worker_page(name: str) -> str:
    """The address of a worker's page."""
    return f"workers/{path_part(name)}"


def queue_page(name: str) -> str:
    """The address of a queue's page."""
    return f"queues/{path_part(name)}"


def cut(name: str) -> str:
    """A name as a sentence has it."""
    return name if len(name) <= NAME_MAX else f"{name[: NAME_MAX - 1]}…"


def listed(all_names: Sequence[str]) -> str:
    """Names as a sentence has them."""
    return names([cut(each) for each in all_names])
