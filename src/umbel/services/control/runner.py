"""Actions that run in this process, each in a thread of its own, with a heartbeat beside it.

Who runs an action claims it first: of several who try, in any process, one succeeds
(compare-and-swap, `Ledger.replace_action`). While it runs, a second thread writes a heartbeat into
its record, also while a call to the broker hangs, so that no other process takes it for dead
(`action_records`). When the run has ended, that thread writes what the ledger could not take, as
while its disk was full, until it does.
"""

from __future__ import annotations

import logging
import threading
from typing import Final

import msgspec

from umbel.errors import ActionRefused, StoreError, UmbelError
from umbel.query.ast import Node
from umbel.services.control import audit_lines
from umbel.services.control.action_limits import refuse_beyond_share
from umbel.services.control.action_records import (
    BEAT_EVERY_S,
    NOBODY,
    Execution,
    Executor,
    StoredAction,
    encode,
    without_secrets,
)
from umbel.services.control.bounds import TaskBounds
from umbel.services.control.context import ActionContext
from umbel.services.control.request_checks import TASK_ACTIONS
from umbel.services.control.run import Run, Stopped
from umbel.services.control.targets import TargetSelection
from umbel.services.control.task_actions import TaskActions
from umbel.services.control.types import ActionReport
from umbel.services.control.worker_actions import command, purge
from umbel.services.fair_shares import asker
from umbel.services.pauses.paused_consumers import PausedConsumers
from umbel.services.pauses.pausing import pause_queue, resume_queue

log = logging.getLogger(__name__)

#: How long `close` waits for those that run to stop, seconds.
CLOSING_S: Final = 5.0


class Runner:
    """Any thread."""

    def __init__(self, context: ActionContext, beat_every_s: float = BEAT_EVERY_S) -> None:
        self._context = context
        self._beat_every_s = beat_every_s
        self._task_actions = TaskActions(context)
        self.paused_consumers = PausedConsumers(
            context.store,
            context.ledger,
            context.cluster,
            context.workers,
            context.clock,
        )
        #: Those that run, and those that ended and whose end is not in the ledger yet.
        self.runs: dict[str, Run] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()

    def start(
        self, entry: StoredAction, by: Executor, bounds: tuple[TaskBounds, ...] = ()
    ) -> Run | None:
        """Run a planned action within all `bounds`, for the present `asker`; None if somebody else
        was first. Raises `ActionRefused` where there is no room for one more, and `StoreError`."""
        run = self._claim(entry, by, bounds)
        if run is None:
            return None
        try:
            self._context.ledger.record(
                audit_lines.before(entry.plan, by, self._context.clock.now())
            )
        except StoreError as error:
            self._end(run, run.finish(error=f"Nothing was done. {error}"))
            raise
        name = f"action-{run.plan.id[:8]}"
        for target, kind in ((self._perform, name), (self._beat, f"{name}-heartbeat")):
            threading.Thread(target=target, args=(run,), name=kind, daemon=True).start()
        return run

    def forget(self, run: Run) -> None:
        """Drop a run whose end is in the ledger; the others stay, to be written later."""
        if run.ended.is_set() and run.save():
            with self._lock:
                self.runs.pop(run.plan.id, None)

    def close(self) -> None:
        """Stop what runs, after the chunk that is being done. May be called twice."""
        with self._lock:
            self._closed.set()
            runs = tuple(self.runs.values())
        for run in runs:
            run.stop()
        clock = self._context.clock
        end = clock.monotonic() + CLOSING_S
        for run in runs:
            run.ended.wait(max(0.0, end - clock.monotonic()))

    def _claim(
        self, entry: StoredAction, by: Executor, bounds: tuple[TaskBounds, ...]
    ) -> Run | None:
        ledger, clock = self._context.ledger, self._context.clock
        now = clock.now()
        report = msgspec.structs.replace(
            entry.execution.report, state="running", sentence="Running.", started=now
        )
        execution = Execution(report, by=by, beat=now)
        # What a person gave as arguments is of use until it is sent; the record stays.
        shown = without_secrets(entry.plan, self._context.redactor)
        record = encode(shown, execution)
        with self._lock:
            self._refuse_beyond_share()
            if not ledger.replace_action(record, entry.raw):
                return None
            claimed = StoredAction(shown, execution, record.report)
            run = Run(ledger, clock, claimed, entry.plan.request, asker(), bounds)
            self.runs[entry.plan.id] = run
        return run

    def _refuse_beyond_share(self) -> None:
        if self._closed.is_set():
            raise ActionRefused("Umbel is about to end.", remedy="Try again when it is back.")
        running = [run.who for run in self.runs.values() if not run.ended.is_set()]
        refuse_beyond_share(running, asker())

    def _perform(self, run: Run) -> None:
        """The thread of a run."""
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
        request, context = run.request, self._context
        if request.action in TASK_ACTIONS:
            query: Node | None = None
            if request.q is not None:
                query = context.search.parse(request.q, request.tz)
            selection = TargetSelection(request, query, run.plan.made, run.bounds)
            self._task_actions.perform(run, selection)
        elif request.action == "purge":
            purge(run, context.cluster)
        elif request.action in {"pause", "resume"}:
            perform = pause_queue if request.action == "pause" else resume_queue
            perform(run, context.ledger, self.paused_consumers, context.clock.now())
            context.workers.forget()
        else:
            command(run, context.cluster)
            context.workers.forget()

    def _end(self, run: Run, report: ActionReport) -> None:
        """Write the end into the audit. What cannot be written stays in memory until it can."""
        line = audit_lines.after(run.plan, report, run.by or NOBODY, self._context.clock.now())
        try:
            run.write(lambda: self._context.ledger.record(line))
        except StoreError as error:
            log.warning("The end of action %s is not in the audit yet: %s", run.plan.id, error)
        run.ended.set()
        self.forget(run)

    def _beat(self, run: Run) -> None:
        """The thread beside a run, which writes its heartbeat until it has ended, and then its end
        until the ledger has it."""
        while not run.ended.wait(self._beat_every_s):
            run.beat()
        self.forget(run)
        while run.plan.id in self.runs and not self._closed.wait(self._beat_every_s):
            self.forget(run)
