"""Actions as the ledger keeps them: the plan, and the report with who runs it and where.

A process that runs an action may die. Others tell by its id and the time of its start,
which the system gives to no other process, and on another machine (or in another container)
by how long it has been silent.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Final

import msgspec

from umbel.auth.base import Actor
from umbel.bounded_json import encode_json
from umbel.errors import StoreCorrupt
from umbel.services.control.types import Action, ActionPlan, ActionReport
from umbel.store.ledger import ActionRecord

#: A run on another machine that was silent for so long is taken for dead, seconds.
SILENT_S: Final = 60.0


class Executor(msgspec.Struct, frozen=True):
    """Who executes, for the audit."""

    name: str
    address: str
    via: str

    @classmethod
    def of(cls, actor: Actor) -> Executor:
        return cls(actor.name, actor.address, actor.via)


NOBODY: Final = Executor("", "", "")


class Owner(msgspec.Struct, frozen=True):
    """A process: `start` is the system's own text for when it began."""

    host: str
    pid: int
    start: str

    @classmethod
    def myself(cls) -> Owner:
        return cls(socket.gethostname(), os.getpid(), _start(os.getpid()) or "")

    def is_gone(self, now: float, beat: float) -> bool:
        """Whether the process has ended; `beat` is when it was last heard of."""
        if self.host != socket.gethostname():
            return now - beat > SILENT_S
        return _start(self.pid) != self.start


class Execution(msgspec.Struct, frozen=True, omit_defaults=True):
    """What stands in `ActionRecord.report`."""

    report: ActionReport
    by: Executor | None = None
    owner: Owner | None = None
    beat: float = 0.0
    cancelled_by: str | None = None


class StoredAction(msgspec.Struct, frozen=True):
    """An action as it was read; `raw` is what must still be there to replace it."""

    plan: ActionPlan
    execution: Execution
    raw: bytes

    @property
    def action(self) -> Action:
        return Action(self.plan, self.execution.report)


def encode(plan: ActionPlan, execution: Execution) -> ActionRecord:
    """The record for the ledger."""
    return ActionRecord(
        id=plan.id,
        at=plan.made,
        plan=msgspec.json.encode(plan),
        report=encode_json(execution),
        running=execution.report.state == "running",
    )


def decode(record: ActionRecord) -> StoredAction:
    """What a record says. Raises `StoreCorrupt`."""
    try:
        plan = msgspec.json.decode(record.plan, type=ActionPlan)
        execution = msgspec.json.decode(record.report, type=Execution)
    except msgspec.MsgspecError as error:
        raise StoreCorrupt(
            f"Action {record.id} in the ledger cannot be read ({error}).",
            remedy="It was written by another version of Umbel; plan it again.",
        ) from error
    return StoredAction(plan, execution, record.report)


def _start(pid: int) -> str | None:
    """When a process began, in the system's own unit; None if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except FileNotFoundError:
        return _start_elsewhere(pid)
    fields = stat.rpartition(")")[2].split()  # the name before may hold anything
    return None if fields[0] in "ZX" else fields[19]


def _start_elsewhere(pid: int) -> str | None:
    """Without /proc nothing tells when a process began, only that it is there."""
    if Path("/proc/self").exists():
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return "unknown"
