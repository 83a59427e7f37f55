"""How much of acting one person may have.

A plan may name ten thousand tasks, and to plan is cheap: so plans that nobody executed are bounded,
and expired ones make room for new ones. An action that runs has a thread until it ends, which may
take as long as its broker likes: so of those that run one person has a share.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from umbel.errors import ActionRefused
from umbel.store.ledger import OpenPlan

#: The most plans of one person that were not executed, and their most bytes.
PLANS_EACH: Final = 200
PLANS_BYTES: Final = 32 * 1024 * 1024
#: How many actions run at once in one process, and how many of them for one person.
RUNS_MAX: Final = 16
RUNS_EACH: Final = 4


def plans_to_forget(plans: Sequence[OpenPlan], size: int, now: float) -> tuple[str, ...]:
    """Of somebody's plans those, the first to expire first, that make room for one more of `size`
    bytes. Raises `ActionRefused` if that would take plans that have not expired."""
    count, total = len(plans) + 1, sum(each.size for each in plans) + size
    forgotten: list[str] = []
    for plan in sorted(plans, key=lambda each: each.expires):
        if count <= PLANS_EACH and total <= PLANS_BYTES:
            break
        if plan.expires > now:
            raise ActionRefused(
                f"{len(plans):,} plans of yours wait to be executed, which is all that there is "
                "room for.",
                remedy="Execute or wait: a plan that was not executed expires by itself.",
            )
        forgotten.append(plan.id)
        count, total = count - 1, total - plan.size
    return tuple(forgotten)


def refuse_beyond_share(running: Sequence[str], who: str) -> None:
    """Whether `who` may run one more action, where `running` is for whom each runs. Raises
    `ActionRefused`. Umbel's own commands ("") have no share: they are one process each."""
    if len(running) >= RUNS_MAX:
        raise ActionRefused(
            f"{len(running)} actions run already.", remedy="Wait until one is done."
        )
    mine = running.count(who)
    if who and mine >= RUNS_EACH:
        raise ActionRefused(
            f"{mine} actions of yours run already, and others need room for theirs.",
            remedy="Wait until one is done, or cancel one.",
        )
