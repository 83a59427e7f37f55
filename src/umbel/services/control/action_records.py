"""The record of an action in the ledger: its plan, and beside it how its execution stands.

A process that runs an action may die, and then nobody writes how the action ended. So whoever runs
one writes a heartbeat into its record every `BEAT_EVERY_S` seconds, however long a call to the
broker takes, and others call the action interrupted once the last heartbeat is older than
`DEAD_AFTER_S`. Nothing else is asked, in particular not whether a process of that number exists:
two containers may share a host name, and then neither can see the processes of the other.
"""

from __future__ import annotations

from typing import Final

import msgspec

from umbel.auth.base import Actor
from umbel.bounded_json import encode_json
from umbel.errors import StoreCorrupt
from umbel.redact.rules import Redactor
from umbel.redact.texts import HIDDEN
from umbel.services.control.types import Action, ActionPlan, ActionReport
from umbel.store.ledger import ActionRecord

#: How often whoever runs an action writes a heartbeat, seconds.
BEAT_EVERY_S: Final = 5.0
#: A run whose last heartbeat is older is taken for dead, seconds. Clocks of machines differ.
DEAD_AFTER_S: Final = 30.0


class Executor(msgspec.Struct, frozen=True):
    """Who executes, for the audit."""

    name: str
    address: str
    via: str

    @classmethod
    def of(cls, actor: Actor) -> Executor:
        return cls(actor.name, actor.address, actor.via)


NOBODY: Final = Executor("", "", "")


class Execution(msgspec.Struct, frozen=True, omit_defaults=True):
    """What stands in `ActionRecord.report`: the report, who executes, when the process that does
    was last heard (`beat`, Unix seconds; 0 before it runs), who wants it to stop, and whether the
    plan stands here without some of the arguments that were given (`HiddenEdits`)."""

    report: ActionReport
    by: Executor | None = None
    beat: float = 0.0
    cancelled_by: str | None = None
    is_partly_hidden: bool = False


class StoredAction(msgspec.Struct, frozen=True):
    """An action as it was read; `raw` is what must still be there to replace it."""

    plan: ActionPlan
    execution: Execution
    raw: bytes

    @property
    def action(self) -> Action:
        return Action(self.plan, self.execution.report)


def is_dead(execution: Execution, now: float) -> bool:
    """Whether it runs by its record, and no heartbeat came for too long at `now` (Unix
    seconds)."""
    return execution.report.state == "running" and now - execution.beat > DEAD_AFTER_S


def without_secrets(plan: ActionPlan, redactor: Redactor) -> ActionPlan:
    """The plan without what is hidden of arguments that a person gave for tasks of any name."""
    edit = plan.request.edit
    if edit is None:
        return plan
    args, kwargs = edit.args, edit.kwargs
    if args is not None:
        shown = redactor.args(None, args)
        args = shown if isinstance(shown, list) else [HIDDEN]
    if kwargs is not None:
        shown = redactor.kwargs(None, kwargs)
        kwargs = shown if isinstance(shown, dict) else dict.fromkeys(kwargs, HIDDEN)
    edit = msgspec.structs.replace(edit, args=args, kwargs=kwargs)
    request = msgspec.structs.replace(plan.request, edit=edit)
    return msgspec.structs.replace(plan, request=request)


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
