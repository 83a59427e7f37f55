"""Actions as they stand in the ledger, read by any process: found, listed, withdrawn, and called
interrupted once the process that ran them is dead.

Each change is a compare-and-swap (`Ledger.replace_action`): of several processes that change the
same action one succeeds, and the others read it again.
"""

from __future__ import annotations

from collections.abc import Container, Iterator

import msgspec

from umbel.clock import Clock
from umbel.errors import UnknownAction
from umbel.services.control import audit_lines
from umbel.services.control.action_records import (
    NOBODY,
    StoredAction,
    decode,
    encode,
    is_dead,
)
from umbel.store.ledger import Ledger


class StoredActions:
    """`here` are the ids of those that run in this process, which are not dead whatever the ledger
    says. Any thread. Raises `StoreError`."""

    def __init__(self, ledger: Ledger, clock: Clock, here: Container[str]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._here = here

    def find(self, action_id: str) -> StoredAction:
        """One action. Raises `UnknownAction`."""
        record = self._ledger.action(action_id)
        if record is None:
            raise UnknownAction(
                f"There is no action {action_id}.", remedy="It may be too old; plan it again."
            )
        return self._alive(decode(record))

    def newest(self, before: float | None, limit: int) -> Iterator[StoredAction]:
        """The newest actions, planned before a time."""
        for record in self._ledger.actions(before=before, limit=limit):
            yield self._alive(decode(record))

    def recover(self) -> None:
        """Call those interrupted whose process died while it ran them."""
        for record in self._ledger.running_actions():
            self._alive(decode(record))

    def cancel(self, action_id: str, name: str) -> None:
        """Withdraw a plan, or ask the other process that runs the action to stop it; what has
        ended stays as it is."""
        while True:
            entry = self.find(action_id)
            execution = entry.execution
            if execution.report.state == "planned":
                sentence = f"Withdrawn by {name} before it was executed."
                report = msgspec.structs.replace(
                    execution.report, state="cancelled", sentence=sentence
                )
                execution = msgspec.structs.replace(execution, report=report)
            elif execution.report.state != "running":
                return
            execution = msgspec.structs.replace(execution, cancelled_by=name)
            if self._ledger.replace_action(encode(entry.plan, execution), entry.raw):
                return

    def _alive(self, entry: StoredAction) -> StoredAction:
        """The same action, or, if its process is dead, the action as interrupted."""
        execution = entry.execution
        now = self._clock.now()
        if entry.plan.id in self._here or not is_dead(execution, now):
            return entry
        report = msgspec.structs.replace(
            execution.report,
            state="interrupted",
            sentence="The process that ran it ended; at least "
            f"{execution.report.done:,} of {execution.report.total:,} were done.",
            finished=now,
        )
        execution = msgspec.structs.replace(execution, report=report)
        record = encode(entry.plan, execution)
        if not self._ledger.replace_action(record, entry.raw):
            return self.find(entry.plan.id)
        by = execution.by or NOBODY
        self._ledger.record(audit_lines.after(entry.plan, report, by, now))
        return StoredAction(entry.plan, execution, record.report)
