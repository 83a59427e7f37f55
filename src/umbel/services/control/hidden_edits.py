"""Arguments that people give for tasks, of which `[redact]` hides something: they wait in memory
until their plan is executed, since the ledger is a file."""

from __future__ import annotations

import threading
from typing import Final

import msgspec

from umbel.errors import ActionRefused
from umbel.services.control.types import ActionPlan, Edit

#: So many plans are remembered; of more, the oldest are forgotten.
_REMEMBERED_MAX: Final = 1_000


class HiddenEdits:
    """By the id of the plan. Any thread."""

    def __init__(self) -> None:
        self._edits: dict[str, tuple[Edit, float]] = {}
        self._lock = threading.Lock()

    def add(self, plan: ActionPlan) -> None:
        """Remember what was given for a plan until it expires."""
        edit = plan.request.edit
        if edit is None:
            return
        with self._lock:
            current = {id_: it for id_, it in self._edits.items() if it[1] > plan.made}
            current[plan.id] = (edit, plan.expires)
            self._edits = dict(list(current.items())[-_REMEMBERED_MAX:])

    def forget(self, plan_id: str) -> None:
        with self._lock:
            self._edits.pop(plan_id, None)

    def restored(self, plan: ActionPlan) -> ActionPlan:
        """The plan with what was given for it. Raises `ActionRefused` in another process than
        the one in which it was planned."""
        with self._lock:
            found = self._edits.get(plan.id)
        if found is None:
            raise ActionRefused(
                "The arguments that were given for this plan are hidden ([redact]) and were kept "
                "in the process that planned it alone.",
                remedy="Plan it again.",
            )
        request = msgspec.structs.replace(plan.request, edit=found[0])
        return msgspec.structs.replace(plan, request=request)
