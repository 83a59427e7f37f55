"""Acting on a cluster: plan, execute, follow.

Theory of operation. A plan is kept in the ledger. Who executes it claims it there first, writes a
line into the audit, and runs it in a thread, which writes into the ledger how far it is
(`runner`). Who wants it to stop says so to that thread, or, in another process, into the ledger,
where the thread finds it at its next writing. A run whose process died is found by whoever next
reads it, and called interrupted (`stored_actions`).
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar

import msgspec

from umbel.auth.base import Actor
from umbel.errors import ActionRefused, NotPermitted, StoreError, UnknownAction
from umbel.services.control import audit_lines
from umbel.services.control.action_limits import plans_to_forget
from umbel.services.control.action_records import (
    BEAT_EVERY_S,
    Execution,
    Executor,
    StoredAction,
    encode,
    without_secrets,
)
from umbel.services.control.bounded_sending import within_bounds
from umbel.services.control.bounds import TaskBounds, is_refusal
from umbel.services.control.context import ActionContext
from umbel.services.control.hidden_edits import HiddenEdits
from umbel.services.control.ledger_trim import LedgerTrim
from umbel.services.control.login_audit import LoginAudit
from umbel.services.control.permissions import (
    action_label,
    must_be_allowed,
    must_be_cancellable,
    must_contain,
    permission_for,
)
from umbel.services.control.plan_inputs import PlanHeader
from umbel.services.control.planner import Planner
from umbel.services.control.request_checks import TASK_ACTIONS, checked
from umbel.services.control.reserved_names import refuse_reserved_queues
from umbel.services.control.runner import Runner
from umbel.services.control.stored_actions import StoredActions
from umbel.services.control.task_sender import Apply, SentTask, TaskSender
from umbel.services.control.types import Action, ActionPlan, ActionReport, ActionRequest

T = TypeVar("T")

#: How long `execute` and `cancel` wait for the end, so that short actions are told done.
SHORT_S: Final = 0.5
#: How often the report of a run in another process is looked at, seconds.
POLLED_EVERY_S: Final = 0.25


class Control:
    """`keep_s`: for how many seconds the ledger keeps who did what; None is for ever.
    `beat_every_s`: how often a heartbeat of what runs here is written.

    Every method may be called from any thread. They raise `ActionError`s, `QueryError`,
    `StoreError` and, while planning and applying, `BrokerError` and `ResultsUnavailable`."""

    def __init__(
        self,
        context: ActionContext,
        keep_s: float | None = None,
        *,
        beat_every_s: float = BEAT_EVERY_S,
    ) -> None:
        self._ledger = context.ledger
        self._cluster = context.cluster
        self._clock = context.clock
        self._redactor = context.redactor
        self._planner = Planner(context)
        self._edits = HiddenEdits()
        self._sender = TaskSender(context)
        self._runner = Runner(context, beat_every_s)
        #: What stops consumers of paused queues and brings them back, for the thread that watches.
        self.paused_consumers = self._runner.paused_consumers
        self._stored = StoredActions(context.ledger, context.clock, self._runner.runs)
        self._trim = LedgerTrim(context.ledger, context.clock, keep_s)
        self.login_audit = LoginAudit(context.ledger, context.clock, self._trim.trim)
        with suppress(StoreError):  # whoever needs the ledger will be told
            self._stored.recover()

    # -- planning --------------------------------------------------------------------------

    def plan(self, request: ActionRequest, actor: Actor) -> ActionPlan:
        """What would happen; kept until it expires."""
        label = action_label(request)
        self._permitted(actor, label, lambda: must_be_allowed(actor, request))
        self._trim.trim()
        request = checked(request)
        if request.queue is not None or request.edit is not None:
            refuse_reserved_queues(request, self._cluster.reserved())
        is_of_tasks = request.action in TASK_ACTIONS
        frame = PlanHeader(
            id=str(uuid.uuid4()),
            request=request,
            actor=actor.name,
            made=self._clock.now(),
            bounds=TaskBounds.of(actor, permission_for(request)) if is_of_tasks else None,
        )
        plan = self._planner.plan(frame)
        refusal = next(filter(is_refusal, plan.skipped), None)
        if refusal is not None and not plan.count:
            self.login_audit.permission_refused(actor, f"{label}: {plan.sentence}", refusal)
        report = ActionReport(
            id=plan.id, state="planned", sentence="Planned, and not yet executed.", total=plan.count
        )
        shown = without_secrets(plan, self._redactor)
        try:
            record = encode(shown, Execution(report, is_partly_hidden=shown != plan))
        except (TypeError, ValueError, RecursionError) as error:
            raise ActionRefused(
                f"The arguments given are no plain JSON values: {error}.", field="edit"
            ) from error
        size = len(record.plan) + len(record.report)
        gone = plans_to_forget(self._ledger.open_plans(actor.name), size, self._clock.now())
        if gone:
            self._ledger.forget_plans(gone)
        self._ledger.keep_action(record, planner=actor.name, expires=plan.expires)
        if shown != plan:
            self._edits.add(plan)
        return shown

    # -- executing -------------------------------------------------------------------------

    def execute(
        self,
        action_id: str,
        actor: Actor,
        confirm: int | None = None,
        reason: str | None = None,
    ) -> ActionReport:
        """Start it; a `reason` goes in the place of the plan's. Returns when it is done, or
        has begun and takes longer."""
        entry = _with_reason(self._stored.find(action_id), reason)
        plan = entry.plan
        bounds = self._permitted(
            actor, f"{action_id}: {plan.sentence}", lambda: must_contain(actor, plan)
        )
        self._must_be_executable(entry, confirm)
        if entry.execution.is_partly_hidden:
            entry = msgspec.structs.replace(entry, plan=self._edits.restored(plan))
        run = self._runner.start(entry, Executor.of(actor), bounds)
        if run is None:
            raise _was_executed(self._stored.find(action_id))
        self._edits.forget(action_id)
        run.ended.wait(SHORT_S)
        return run.report

    def _must_be_executable(self, entry: StoredAction, confirm: int | None) -> None:
        plan, state = entry.plan, entry.execution.report.state
        if state != "planned":
            raise _was_executed(entry)
        if self._clock.now() > plan.expires:
            raise UnknownAction(
                "This plan has expired; what it says may no longer be true.",
                remedy="Plan it again.",
            )
        if plan.impossible is not None:
            raise ActionRefused(plan.impossible)
        if plan.request.queue is not None or plan.request.edit is not None:
            refuse_reserved_queues(plan.request, self._cluster.reserved())
        if plan.confirm is not None and confirm != plan.confirm:
            raise ActionRefused(
                f"This concerns {plan.count:,}, so it must be confirmed by that number.",
                remedy=f"Send `confirm`: {plan.confirm}.",
            )

    # -- following -------------------------------------------------------------------------

    def wait(self, action_id: str, timeout_s: float) -> ActionReport:
        """The report once the action has ended, or when time is up."""
        end = self._clock.monotonic() + timeout_s
        while True:
            run = self._runner.runs.get(action_id)
            left = end - self._clock.monotonic()
            if run is not None:
                run.ended.wait(max(0.0, left))
                return run.report
            report = self.action(action_id).report
            if report.state != "running" or left <= 0:
                return report
            threading.Event().wait(min(POLLED_EVERY_S, left))

    def cancel(self, action_id: str, actor: Actor) -> ActionReport:
        """Stop it after the chunk that is being done; a plan is withdrawn. What has ended
        stays as it is. Whoever may act on some tasks alone may stop what they planned or
        execute."""
        entry = self._stored.find(action_id)
        executor = entry.execution.by.name if entry.execution.by else None
        self._permitted(
            actor,
            f"cancel {action_id}",
            lambda: must_be_cancellable(actor, entry.plan, executor),
        )
        if entry.execution.report.state not in {"planned", "running"}:
            return entry.execution.report
        line = audit_lines.cancelled(entry.plan, Executor.of(actor), self._clock.now())
        self._ledger.record(line)
        run = self._runner.runs.get(action_id)
        if run is not None:
            run.cancel(actor.name)
        else:
            self._stored.cancel(action_id, actor.name)
        return self.wait(action_id, SHORT_S)

    def action(self, action_id: str) -> Action:
        """A plan and its report."""
        return self._current(self._stored.find(action_id))

    def actions(self, before: float | None = None, limit: int = 50) -> tuple[Action, ...]:
        """The newest, planned before a time."""
        return tuple(self._current(each) for each in self._stored.newest(before, limit))

    def _current(self, entry: StoredAction) -> Action:
        """With the report of the run, if it runs here: the ledger has an older one."""
        run = self._runner.runs.get(entry.plan.id)
        if run is None:
            return Action(without_secrets(entry.plan, self._redactor), entry.execution.report)
        self._runner.forget(run)
        return Action(entry.plan, run.report)

    # -- applying --------------------------------------------------------------------------

    def apply(self, apply: Apply, actor: Actor, *, expected: bool = False) -> SentTask:
        """Send one task; `expected`: its result will be waited for."""
        self._trim.trim()
        permitted = self._permitted(
            actor, f"send {apply.name}", lambda: within_bounds(apply, actor, self._cluster)
        )
        return self._sender.apply(permitted, actor, expected=expected)

    def close(self) -> None:
        """Stop what runs, after the chunk that is being done. May be called twice."""
        self._runner.close()

    def _permitted(self, actor: Actor, target: str, check: Callable[[], T]) -> T:
        """What `check` gives; where it raises `NotPermitted`, with a line in the audit of what was
        wanted."""
        try:
            return check()
        except NotPermitted as error:
            self.login_audit.permission_refused(actor, target, error.message)
            raise


def _with_reason(entry: StoredAction, reason: str | None) -> StoredAction:
    """The reason is known best, and by the right person, when the plan was read."""
    if not reason:
        return entry
    request = msgspec.structs.replace(entry.plan.request, reason=reason)
    plan = msgspec.structs.replace(entry.plan, request=request)
    return msgspec.structs.replace(entry, plan=plan)


def _was_executed(entry: StoredAction) -> ActionRefused:
    by = entry.execution.by
    who = f" by {by.name}" if by else ""
    if entry.execution.report.state == "cancelled" and by is None:
        return ActionRefused("This plan was withdrawn.", remedy="Plan it again.")
    return ActionRefused(
        f"This plan was executed already{who}.", remedy="Plan it again to do it again."
    )
