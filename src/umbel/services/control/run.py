"""One action while it runs: what was done so far, as it is written into the ledger, and whether
to stop."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import msgspec

from umbel.clock import Clock
from umbel.errors import BrokerError, ResultsUnavailable, StoreError
from umbel.services.control.action_records import StoredAction, decode, encode
from umbel.services.control.bounds import TaskBounds
from umbel.services.control.phrases import VERBS, count_sentence, counted, cut, listed, verb
from umbel.services.control.request_checks import TASK_ACTIONS
from umbel.services.control.types import (
    ActionPlan,
    ActionReport,
    ActionRequest,
    ActionState,
    WorkerAnswer,
)
from umbel.store.ledger import Ledger

log = logging.getLogger(__name__)

T = TypeVar("T")

#: How often progress is written, seconds.
SAVED_EVERY_S: Final = 0.5
#: How long is waited before a broker or backend that went away is tried again, seconds each.
PAUSES_S: Final = (0.2, 0.5, 1.0, 2.0)
#: How many new ids a report names.
SENT_MAX: Final = 1_000
#: The answer of a worker that said that it cannot, and did what it could before.
SHRUNK_IN_PART: Final = (
    "Fewer of its processes than that were idle: those that were have ended, those that run a task "
    "go on. Its page tells how many are left."
)
#: What no worker confirms, or what comes about also without its answer: a pause is remembered.
_NEVER_CONFIRMED: Final = frozenset({"shutdown", "pause", "resume", "purge", "retry", "abort"})
_WORST: Final = ("ok", "unknown", "refused", "gone")


class Stopped(Exception):
    """Somebody cancelled the run, or the process ends."""


class Run:
    """Filled by one thread; `report`, `cancel` and `stop` may be called from any. `request` is
    what is done, of which the entry's own may show less; `who` is the `asker` for whom it
    runs. Nothing outside of any of `bounds` is touched."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        entry: StoredAction,
        request: ActionRequest,
        who: str = "",
        bounds: tuple[TaskBounds, ...] = (),
    ) -> None:
        self.who = who
        self.bounds = bounds
        self.plan: ActionPlan = entry.plan
        self.request = request
        self.by = entry.execution.by
        self.ended = threading.Event()
        self._is_saved = False
        #: The result backend did not come back; what needs it is not tried again.
        self.is_without_results = False
        #: Tasks that were sent again already are not sent once more.
        self.leaves_out_repeated = False
        self._ledger = ledger
        self._clock = clock
        self._execution = entry.execution
        self._raw = entry.raw
        self._halt = threading.Event()
        self._cancelled_by: str | None = None
        self._final: ActionReport | None = None
        self._saving = threading.Lock()
        self._saved_at = clock.monotonic()
        self._total = entry.plan.count
        self._done = self._failed = self._skipped = 0
        self._answers: dict[str, WorkerAnswer] = {}
        self._failures: dict[str, int] = {}
        self._left_out: dict[str, int] = {}
        self._notes: list[str] = []
        self._conclusion: str | None = None
        self._sent: dict[str, str] = {}
        self._unsure: list[str] = []
        self._is_unsure = False
        self._unwritten: deque[Callable[[], object]] = deque()

    # -- for the thread that runs ----------------------------------------------------------

    def advance(self, done: int = 0, *, failed: int = 0, why: str | None = None) -> None:
        """So many more were dealt with, `failed` of them without success."""
        self._done += done
        self._failed += failed
        if failed:
            count_sentence(self._failures, why or "No reason was given.", failed)
        self._save_now_and_then()

    def skip(self, number: int, why: str) -> None:
        """So many more were left out."""
        if number:
            self._skipped += number
            count_sentence(self._left_out, why, number)

    def note(self, sentence: str) -> None:
        """Something that went wrong without ending the run."""
        if sentence not in self._notes:
            self._notes.append(sentence)

    def conclude(self, sentence: str) -> None:
        """What has been done so far, for an action that counts nothing."""
        self._conclusion = sentence

    def answer(self, answer: WorkerAnswer) -> None:
        """A worker said this, or nothing; of several answers of one the worst counts."""
        before = self._answers.get(answer.worker)
        if before is None or _WORST.index(answer.outcome) >= _WORST.index(before.outcome):
            self._answers[answer.worker] = answer

    def sent(self, repeated: str, new: str) -> None:
        """Task `new` repeats `repeated`."""
        if len(self._sent) < SENT_MAX:
            self._sent[repeated] = new

    def unsure(self, ids: Sequence[str]) -> None:
        """These new tasks may have been sent: they were on their way to the broker when it no
        longer answered."""
        self._unsure += ids

    def must_go_on(self) -> None:
        """Raise `Stopped` if it must not."""
        if self._halt.is_set():
            raise Stopped

    def insist(self, call: Callable[[], T]) -> T:
        """What `call` gives, tried again a few times while the broker or backend is away.
        `call` must be one that does no harm when it is done twice."""
        for pause_s in PAUSES_S:
            try:
                return self.once(call)
            except (BrokerError, ResultsUnavailable) as error:
                if not error.retriable:
                    raise
                self.rest(pause_s)
        return self.once(call)

    def once(self, call: Callable[[], T]) -> T:
        """What `call` gives. If the broker was told and did not answer, it may be done already."""
        try:
            answer = call()
        except BrokerError as error:
            self._is_unsure |= error.unsure > 0
            raise
        self._is_unsure = False
        return answer

    def rest(self, pause_s: float) -> None:
        """Wait, unless it is to stop."""
        self._save_now_and_then()
        self._halt.wait(pause_s)
        self.must_go_on()

    def finish(self, *, stopped: bool = False, error: str | None = None) -> ActionReport:
        """The end, and what the ledger will say of it: `stopped` before all was done, or
        `error`, the sentence that says why it went no further."""
        if error is not None:
            self.note(error)
        state = self._final_state(stopped, error)
        if not stopped and error is None:
            self._total = self._done
        report = self._report(state, self._ending(state, error))
        with self._saving:
            self._execution = msgspec.structs.replace(
                self._execution, report=report, cancelled_by=self._cancelled_by
            )
            self._final = report
        self.save()
        return report

    def write(self, call: Callable[[], object]) -> None:
        """Write something into the ledger by `call`. If the ledger cannot take it now, it is
        written with the end. Raises `StoreError` then."""
        try:
            call()
        except StoreError:
            with self._saving:
                self._unwritten.append(call)
            raise

    def save(self) -> bool:
        """Write the end into the ledger, once, and what could not be written; whether all of it is
        there."""
        with self._saving:
            self._is_saved = self._is_saved or all([self._save_unwritten(), self._save()])
            return self._is_saved

    def beat(self) -> None:
        """Write a heartbeat, and how far it is, into the ledger. From a thread beside the one that
        runs."""
        with self._saving:
            if self._final is None:
                self._save_progress()

    # -- for everybody ---------------------------------------------------------------------

    @property
    def report(self) -> ActionReport:
        """How it stands."""
        return self._final or self._report("running", self._progress())

    def cancel(self, name: str) -> None:
        """Stop after the chunk that is being done, because this person wants it."""
        self._cancelled_by = self._cancelled_by or name
        self._halt.set()

    def stop(self) -> None:
        """Stop after the chunk that is being done, because the process ends."""
        self._halt.set()

    # -- words -----------------------------------------------------------------------------

    def _report(self, state: ActionState, sentence: str) -> ActionReport:
        return ActionReport(
            id=self.plan.id,
            state=state,
            sentence=sentence,
            total=max(self._total, self._done),
            done=self._done,
            failed=self._failed,
            skipped=self._skipped,
            workers=tuple(self._answers.copy().values()),
            failures=self._failures.copy(),
            left_out=self._left_out.copy(),
            notes=tuple(self._notes),
            sent=self._sent.copy(),
            is_unsure=self._may_be_done,
            is_unconfirmed=state == "done" and self._is_unconfirmed,
            started=self._execution.report.started,
            finished=None if state == "running" else self._clock.now(),
        )

    def _final_state(self, stopped: bool, error: str | None) -> ActionState:
        if error is not None:
            return "failed"
        if stopped:
            return "cancelled" if self._cancelled_by else "interrupted"
        is_vain = self._unsure and not self._done
        return "failed" if is_vain or (self._failed and self._failed == self._done) else "done"

    @property
    def _may_be_done(self) -> bool:
        """Whether more may have been done than is known. Not of what is concluded (a pause): that
        is remembered, and carried out later."""
        return bool(self._unsure) or (self._is_unsure and self._conclusion is None)

    @property
    def _is_unconfirmed(self) -> bool:
        """Whether workers were told and none confirmed it. Of many tasks nobody waits for their
        answers."""
        if self.request.action in _NEVER_CONFIRMED:
            return False
        if not self._answers and self.request.action in TASK_ACTIONS:
            return False
        return all(each.outcome != "ok" for each in self._answers.values())

    @property
    def _is_counted(self) -> bool:
        """Whether the plan knew how many there are."""
        return self.plan.complete and not self.plan.capped

    def _progress(self) -> str:
        if self.request.action in VERBS:
            going_on = VERBS[self.request.action][1]
            if not self._is_counted:
                return f"{going_on}: {counted(self._done, 'task')} so far."
            return f"{going_on}: {self._done:,} of {counted(self._total, 'task')}."
        return "Running."

    def _ending(self, state: ActionState, error: str | None) -> str:
        parts = [] if self._may_be_done and not self._done else [self._what_was_done()]
        if self._may_be_done:
            parts.append(self._what_is_unsure())
        if self._failed and self.request.action in VERBS:
            parts.append(f"{self._failed:,} failed.")
        if self._skipped:
            parts.append(f"{self._skipped:,} {verb(self._skipped, 'was', 'were')} left out.")
        if state == "cancelled":
            parts.append(f"Cancelled by {self._cancelled_by}.")
        elif state == "interrupted":
            parts.append("Umbel was stopped before it was done.")
        elif error is not None:
            parts.append(f"It went no further: {error}")
        elif self.request.action in VERBS and self._is_counted and self._done != self.plan.count:
            parts.append(f"{self.plan.count:,} had been counted for the plan.")
        return " ".join(parts)

    def _what_was_done(self) -> str:
        action = self.request.action
        if action in VERBS:
            return f"{VERBS[action][2]} {counted(self._done - self._failed, 'task')}."
        if action == "purge":
            return f"Removed {counted(self._done, 'message')} from the queue {self.request.queue}."
        if action in {"pause", "resume"}:
            return self._conclusion or "Nothing was done."
        if action == "shutdown":
            return f"Told {counted(self._done, 'worker')} to shut down."
        return answered(self._answers)

    def _what_is_unsure(self) -> str:
        number = len(self._unsure)
        if number:
            tasks = counted(number, "more task" if self._done else "task")
            which = f"Whether {tasks} ({listed(self._unsure)}) {verb(number, 'was', 'were')} sent"
        else:
            which = f"Whether {'more' if self._done else 'anything'} was done"
        return (
            f"{which} is not known: the broker was told and did not answer. Look before you do it "
            "again."
        )

    # -- the ledger ------------------------------------------------------------------------

    def _save_now_and_then(self) -> None:
        if self._clock.monotonic() - self._saved_at >= SAVED_EVERY_S:
            self._saved_at = self._clock.monotonic()
            with self._saving:
                self._save_progress()

    def _save_progress(self) -> None:
        self._execution = msgspec.structs.replace(self._execution, report=self.report)
        self._save()

    def _save_unwritten(self) -> bool:
        try:
            while self._unwritten:
                self._unwritten[0]()
                self._unwritten.popleft()
        except StoreError as error:
            log.warning("What action %s did was not written: %s", self.plan.id, error)
            return False
        return True

    def _save(self) -> bool:
        """Write the execution with a new heartbeat, and read whether somebody in another process
        wants it to stop."""
        self._execution = msgspec.structs.replace(self._execution, beat=self._clock.now())
        try:
            # Another process may have left a word; what is run here is what is true.
            for _ in range(3):
                record = encode(self.plan, self._execution)
                if self._ledger.replace_action(record, self._raw):
                    self._raw = record.report
                    return True
                there = self._ledger.action(self.plan.id)
                if there is None:
                    return True
                self._heed(decode(there))
        except StoreError as error:
            log.warning("The progress of action %s was not written: %s", self.plan.id, error)
        return False

    def _heed(self, there: StoredAction) -> None:
        self._raw = there.raw
        if there.execution.cancelled_by is not None:
            self._execution = msgspec.structs.replace(
                self._execution, cancelled_by=there.execution.cancelled_by
            )
            self.cancel(there.execution.cancelled_by)


def answered(answers: dict[str, WorkerAnswer]) -> str:
    """How many workers did what they were told, in a sentence."""
    if not answers:
        return "No worker answered, which says nothing of what they did."
    by = {outcome: [a for a in answers.values() if a.outcome == outcome] for outcome in _WORST}
    parts = [f"{len(by['ok']):,} of {counted(len(answers), 'worker')} confirmed it."]
    if by["refused"]:
        first = by["refused"][0]
        parts.append(f"{len(by['refused']):,} refused ({first.worker}: {cut(first.answer or '')}).")
    if by["gone"]:
        names = listed([answer.worker for answer in by["gone"]])
        parts.append(f"{len(by['gone']):,} answered and then went away ({names}).")
    in_part = [each for each in by["unknown"] if each.answer == SHRUNK_IN_PART]
    if in_part:
        parts.append(f"{len(in_part):,} did it in part ({in_part[0].worker}: {SHRUNK_IN_PART})")
    if len(by["unknown"]) > len(in_part):
        parts.append(f"Of {len(by['unknown']) - len(in_part):,} nothing is known.")
    return " ".join(parts)
