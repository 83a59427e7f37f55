"""Acting on a cluster: plan, execute, follow.

Theory of operation. A plan is kept in the ledger. Who executes it claims it there first
(`Ledger.replace_action`: of several who try, in any process, one succeeds), writes a line
into the audit, and runs it in a thread of its own, which tells the ledger how far it is.
Who wants it to stop says so to the thread, or, in another process, into the ledger, where
the thread finds it at its next writing. A run whose process died is found by whoever next
reads it, and called interrupted.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from umbel.auth.base import Actor, Permission
from umbel.broker.base import Cluster
from umbel.clock import Clock
from umbel.errors import ActionRefused, NotPermitted, StoreError, UmbelError, UnknownAction
from umbel.query.ast import Node
from umbel.results.base import ResultBackend
from umbel.services.control import audit_lines
from umbel.services.control.action_limits import plans_to_forget, refuse_beyond_share
from umbel.services.control.action_records import (
    NOBODY,
    Execution,
    Executor,
    Owner,
    StoredAction,
    decode,
    encode,
)
from umbel.services.control.login_audit import LoginAudit
from umbel.services.control.permissions import (
    NEEDS_APPLY,
    action_label,
    must_be_allowed,
    permission_for,
)
from umbel.services.control.plan_inputs import PlanHeader
from umbel.services.control.planner import Planner
from umbel.services.control.request_checks import TASK_ACTIONS, checked
from umbel.services.control.reserved_names import refuse_reserved_queues
from umbel.services.control.run import Run, Stopped
from umbel.services.control.targets import TargetSelection
from umbel.services.control.task_actions import TaskActions
from umbel.services.control.task_sender import Apply, SentTask, TaskSender
from umbel.services.control.types import Action, ActionPlan, ActionReport, ActionRequest
from umbel.services.control.worker_actions import command, purge
from umbel.services.control.worker_facts import Workers
from umbel.services.fair_shares import asker
from umbel.services.search.search import Search
from umbel.store.base import Store
from umbel.store.ledger import Intent, Ledger, Repeat

log = logging.getLogger(__name__)

#: How long `execute` and `cancel` wait for the end, so that short actions are told done.
SHORT_S: Final = 0.5
#: How often the report of a run in another process is looked at, seconds.
LOOKED_AT_EVERY_S: Final = 0.25
#: How long `close` waits for those that run to stop, seconds.
CLOSING_S: Final = 5.0
#: How often what is too old is removed from the ledger, seconds.
TIDIED_EVERY_S: Final = 3_600.0
#: How long a plan that nobody executed is kept after it expired, seconds.
PLAN_KEPT_S: Final = 86_400.0


class Control:
    """`keep_s`: for how many seconds the ledger keeps who did what; None is for ever.

    Every method may be called from any thread. They raise `ActionError`s, `QueryError`,
    `StoreError` and, while planning and applying, `BrokerError` and `ResultsUnavailable`."""

    def __init__(
        self,
        store: Store,
        search: Search,
        ledger: Ledger,
        cluster: Cluster,
        results: ResultBackend,
        workers: Workers,
        clock: Clock,
        keep_s: float | None = None,
    ) -> None:
        self._keep_s = keep_s
        self._tidy_at = 0.0
        self._search = search
        self._ledger = ledger
        self._cluster = cluster
        self._results = results
        self._workers = workers
        self._clock = clock
        self._planner = Planner(store, search, ledger, cluster, results, workers, clock)
        self._task_actions = TaskActions(store, ledger, cluster, results, workers, clock)
        self._sender = TaskSender(ledger, cluster, results, workers, clock)
        self._owner = Owner.myself()
        self.login_audit = LoginAudit(ledger, clock, self._tidy)
        self._runs: dict[str, Run] = {}
        self._lock = threading.Lock()
        self._closing = False
        with suppress(StoreError):  # whoever needs the ledger will be told
            self.recover()

    # -- planning --------------------------------------------------------------------------

    def plan(self, request: ActionRequest, actor: Actor) -> ActionPlan:
        """What would happen; kept until it expires."""
        self._must_be_allowed(actor, permission_for(request), action_label(request))
        self._tidy()
        request = checked(request)
        if request.queue is not None or request.edit is not None:
            refuse_reserved_queues(request, self._cluster.reserved())
        frame = PlanHeader(
            id=str(uuid.uuid4()), request=request, actor=actor.name, made=self._clock.now()
        )
        plan = self._planner.plan(frame)
        report = ActionReport(
            id=plan.id, state="planned", sentence="Planned, and not yet executed.", total=plan.count
        )
        try:
            record = encode(plan, Execution(report))
        except (TypeError, ValueError, RecursionError) as error:
            raise ActionRefused(
                f"The arguments given are no plain JSON values: {error}.", field="edit"
            ) from error
        size = len(record.plan) + len(record.report)
        gone = plans_to_forget(self._ledger.open_plans(actor.name), size, self._clock.now())
        if gone:
            self._ledger.forget_plans(gone)
        self._ledger.keep_action(record, planner=actor.name, expires=plan.expires)
        return plan

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
        entry = _with_reason(self._entry(action_id), reason)
        plan = entry.plan
        self._must_be_allowed(
            actor,
            permission_for(plan.request),
            action_label(plan.request),
            f"{action_id}: {plan.sentence}",
        )
        self._must_be_executable(entry, confirm)
        run = self._claim(entry, Executor.of(actor))
        try:
            self._ledger.record(audit_lines.before(plan, Executor.of(actor), self._clock.now()))
        except StoreError as error:
            self._end(run, run.finish(error=f"Nothing was done. {error}"))
            raise
        thread = threading.Thread(
            target=self._perform, args=(run,), name=f"action-{plan.id[:8]}", daemon=True
        )
        thread.start()
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

    def _claim(self, entry: StoredAction, by: Executor) -> Run:
        """Become the one who runs it."""
        now = self._clock.now()
        report = msgspec.structs.replace(
            entry.execution.report, state="running", sentence="Running.", started=now
        )
        execution = Execution(report, by=by, owner=self._owner, beat=now)
        record = encode(entry.plan, execution)
        with self._lock:
            self._refuse_beyond_share()
            if not self._ledger.replace_action(record, entry.raw):
                raise _was_executed(self._entry(entry.plan.id))
            run = Run(
                self._ledger,
                self._clock,
                StoredAction(entry.plan, execution, record.report),
                asker(),
            )
            self._runs[entry.plan.id] = run
        return run

    def _refuse_beyond_share(self) -> None:
        if self._closing:
            raise ActionRefused("Umbel is about to end.", remedy="Try again when it is back.")
        refuse_beyond_share(
            [run.who for run in self._runs.values() if not run.ended.is_set()], asker()
        )

    def _perform(self, run: Run) -> None:
        try:
            self._do(run)
        except Stopped:
            self._end(run, run.finish(stopped=True))
        except UmbelError as error:
            self._end(run, run.finish(error=str(error)))
        except Exception as error:
            log.exception("Action %s failed", run.plan.id)
            sentence = f"An error inside Umbel ({error!r:.200}); its log has the details."
            self._end(run, run.finish(error=sentence))
        else:
            self._end(run, run.finish())

    def _do(self, run: Run) -> None:
        request = run.request
        if request.action in TASK_ACTIONS:
            query: Node | None = None
            if request.q is not None:
                query = self._search.parse(request.q, request.tz)
            self._task_actions.perform(run, TargetSelection(request, query, run.plan.made))
        elif request.action == "purge":
            purge(run, self._cluster)
        else:
            command(run, self._cluster)
            self._workers.forget()

    def _end(self, run: Run, report: ActionReport) -> None:
        """Tell the audit; a report that could not be saved is kept in memory."""
        by = run.by or NOBODY
        try:
            self._ledger.record(audit_lines.after(run.plan, report, by, self._clock.now()))
        except StoreError as error:
            log.warning("The end of action %s is not in the audit: %s", run.plan.id, error)
        run.ended.set()
        self._forget(run)

    def _forget(self, run: Run) -> None:
        """Let go of a run whose end is in the ledger; the others stay, to be written later."""
        if run.ended.is_set() and run.save():
            with self._lock:
                self._runs.pop(run.plan.id, None)

    # -- following -------------------------------------------------------------------------

    def wait(self, action_id: str, timeout_s: float) -> ActionReport:
        """How it stands once it has ended, or when time is up."""
        end = self._clock.monotonic() + timeout_s
        while True:
            run = self._runs.get(action_id)
            left = end - self._clock.monotonic()
            if run is not None:
                run.ended.wait(max(0.0, left))
                return run.report
            report = self.action(action_id).report
            if report.state != "running" or left <= 0:
                return report
            threading.Event().wait(min(LOOKED_AT_EVERY_S, left))

    def cancel(self, action_id: str, actor: Actor) -> ActionReport:
        """Stop it after the chunk that is being done; a plan is withdrawn. What has ended
        stays as it is."""
        entry = self._entry(action_id)
        self._must_be_allowed(
            actor, permission_for(entry.plan.request), "cancel this", f"cancel {action_id}"
        )
        if entry.execution.report.state not in {"planned", "running"}:
            return entry.execution.report
        self._ledger.record(
            audit_lines.cancelled(entry.plan, Executor.of(actor), self._clock.now())
        )
        run = self._runs.get(action_id)
        if run is not None:
            run.cancel(actor.name)
        else:
            self._cancel_elsewhere(action_id, actor)
        return self.wait(action_id, SHORT_S)

    def _cancel_elsewhere(self, action_id: str, actor: Actor) -> None:
        while True:
            entry = self._entry(action_id)
            execution = entry.execution
            if execution.report.state == "planned":
                sentence = f"Withdrawn by {actor.name} before it was executed."
                report = msgspec.structs.replace(
                    execution.report, state="cancelled", sentence=sentence
                )
                execution = msgspec.structs.replace(execution, report=report)
            elif execution.report.state != "running":
                return
            execution = msgspec.structs.replace(execution, cancelled_by=actor.name)
            if self._ledger.replace_action(encode(entry.plan, execution), entry.raw):
                return

    def action(self, action_id: str) -> Action:
        """A plan and how it stands."""
        return self._told(self._entry(action_id))

    def actions(self, before: float | None = None, limit: int = 50) -> tuple[Action, ...]:
        """The newest, planned before a time."""
        records = self._ledger.actions(before=before, limit=limit)
        return tuple(self._told(self._alive(decode(record))) for record in records)

    def intents(self, task_ids: Sequence[str]) -> Mapping[str, Intent]:
        """What was asked of these tasks."""
        return self._ledger.intents(task_ids)

    def repeats(self, task_ids: Sequence[str]) -> tuple[Repeat, ...]:
        """Which tasks repeat which, where one of these has a part."""
        return self._ledger.repeats(task_ids)

    def recover(self) -> None:
        """Call those interrupted whose process ended while it ran them."""
        for record in self._ledger.running_actions():
            self._alive(decode(record))

    # -- applying --------------------------------------------------------------------------

    def apply(self, apply: Apply, actor: Actor, *, expected: bool = False) -> SentTask:
        """Send one task; `expected`: its result will be waited for."""
        self._tidy()
        self._must_be_allowed(actor, NEEDS_APPLY, "send tasks", f"send {apply.name}")
        return self._sender.apply(apply, actor, expected=expected)

    def _must_be_allowed(
        self, actor: Actor, permission: Permission, action_label: str, target: str | None = None
    ) -> None:
        """Raise `NotPermitted`, and say in the audit what was wanted."""
        try:
            must_be_allowed(actor, permission, action_label)
        except NotPermitted as error:
            self.login_audit.permission_refused(actor, target or action_label, error.message)
            raise

    def _tidy(self) -> None:
        """Now and then remove what the ledger need not keep: it grows by actions and visits
        alone, so they bound it."""
        now = self._clock.monotonic()
        if now < self._tidy_at:
            return
        self._tidy_at = now + TIDIED_EVERY_S
        try:
            self._ledger.forget_plans(expired=self._clock.now() - PLAN_KEPT_S)
            if self._keep_s is not None:
                self._ledger.trim(self._clock.now() - self._keep_s)
        except StoreError as error:
            log.warning("Old lines of the audit cannot be removed: %s", error)

    # -- the end ---------------------------------------------------------------------------

    def close(self) -> None:
        """Stop what runs, after the chunk that is being done. May be called twice."""
        with self._lock:
            self._closing = True
            runs = tuple(self._runs.values())
        for run in runs:
            run.stop()
        end = self._clock.monotonic() + CLOSING_S
        for run in runs:
            run.ended.wait(max(0.0, end - self._clock.monotonic()))

    def _entry(self, action_id: str) -> StoredAction:
        record = self._ledger.action(action_id)
        if record is None:
            raise UnknownAction(
                f"There is no action {action_id}.", remedy="It may be too old; plan it again."
            )
        return self._alive(decode(record))

    def _told(self, entry: StoredAction) -> Action:
        run = self._runs.get(entry.plan.id)
        if run is None:
            return entry.action
        self._forget(run)
        return Action(entry.plan, run.report)

    def _alive(self, entry: StoredAction) -> StoredAction:
        """The entry, called interrupted if nobody runs it any more."""
        execution = entry.execution
        now = self._clock.now()
        if (
            execution.report.state != "running"
            or execution.owner is None
            or entry.plan.id in self._runs
        ):
            return entry
        if not execution.owner.is_gone(now, execution.beat):
            return entry
        report = msgspec.structs.replace(
            execution.report,
            state="interrupted",
            sentence=f"The process that ran it ended; at least {execution.report.done:,} of "
            f"{execution.report.total:,} were done.",
            finished=now,
        )
        execution = msgspec.structs.replace(execution, report=report)
        record = encode(entry.plan, execution)
        if not self._ledger.replace_action(record, entry.raw):
            return self._entry(entry.plan.id)
        self._ledger.record(audit_lines.after(entry.plan, report, execution.by or NOBODY, now))
        return StoredAction(entry.plan, execution, record.report)


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
