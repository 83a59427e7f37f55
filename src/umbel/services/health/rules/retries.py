"""Tasks that are tried again and again instead of ending."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from umbel.cluster.task import RECEIVED, RETRY, STARTED
from umbel.services.health.facts import RETRYING_S, HealthFacts, RetryingName
from umbel.services.health.health_finding import HealthFinding
from umbel.services.health.rules.base import (
    cut,
    during,
    few,
    finding,
    tasks,
    threshold,
    where,
)
from umbel.services.phrases import number, percent, span

#: So many tasks of a name must be tried again, and be such a part of all that are or ended. Where
#: so many of them needed another try on the day before, it is their way (those that look again and
#: again whether something is there).
RETRYING_MIN: Final = 20
RETRYING_SHARE: Final = 0.5
USUAL_SHARE: Final = 0.5
#: These are tried again; one that a worker holds until its time has come is received.
TRIED_AGAIN: Final = (where("state", RETRY, RECEIVED, STARTED), during("retried", RETRYING_S))


def tasks_retrying(facts: HealthFacts) -> Iterable[HealthFinding]:
    """More of a name's tasks are tried again than end, and that is not usual."""
    rule = "tasks-retrying"
    found = [
        _retrying(rule, each)
        for each in facts.retrying
        if each.tried_again >= threshold(facts, rule, each.name, RETRYING_MIN)
        and each.tried_again / (each.tried_again + each.ended)
        >= threshold(facts, rule, each.name, RETRYING_SHARE)
        and (each.usual is None or each.usual < USUAL_SHARE)
    ]
    return few(
        found,
        lambda count, who: f"Tasks of {number(count, 'more name')} are tried again: {who}.",
        tasks("See these tasks", *TRIED_AGAIN),
    )


def _retrying(rule: str, found: RetryingName) -> HealthFinding:
    many = f"{number(found.tried_again, 'task')}{' or more' if found.or_more else ''}"
    usual = ""
    if found.usual is not None:
        usual = f"; of the day before {percent(found.usual)} needed more than one try"
    return finding(
        rule,
        found.name,
        "warning",
        f"{many} of {cut(found.name)} {'is' if found.tried_again == 1 else 'are'} tried again, and "
        f"{found.ended:,} ended in the last {span(RETRYING_S)}{usual}.",
        why="What they call fails, so each comes again until its tries are used up, which may take "
        "hours, and all of them at once when it works again.",
        action=tasks("See these tasks", where("name", found.name), *TRIED_AGAIN),
    )
