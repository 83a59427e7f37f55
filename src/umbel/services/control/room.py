"""How many plans that nobody executed one person may have: each may name ten thousand tasks, and
to plan is cheap. Expired ones make room for new ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from umbel.errors import ActionRefused
from umbel.store.ledger import OpenPlan

#: The most plans of one person that were not executed, and their most bytes.
PLANS_EACH: Final = 200
PLANS_BYTES: Final = 32 * 1024 * 1024


def to_forget(plans: Sequence[OpenPlan], size: int, now: float) -> tuple[str, ...]:
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
