"""Carrying out the actions on tasks (revoke, terminate, abort, retry), a chunk of tasks at a time.

The intent for a task is written into the ledger before the workers get the command. The state of a
task is never changed from here: events alone do that.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from umbel.broker.base import Cluster, QueuedMessage, Reply, Signature
from umbel.cluster.task import STARTED, Task
from umbel.cluster.timestamps import parse_iso
from umbel.errors import BrokerError, ResultsUnavailable, StoreError, UmbelError
from umbel.services.control.argument_recovery import (
    REPEATED_MEANWHILE,
    ArgumentSources,
    RecoveredTask,
    Recovery,
    recover_arguments,
    repeated,
    route,
)
from umbel.services.control.context import ActionContext
from umbel.services.control.phrases import answer_text, cut
from umbel.services.control.refusals import in_words, is_of_pool, pool_of
from umbel.services.control.run import PAUSES_S, Run, Stopped
from umbel.services.control.targets import Target, TargetSelection
from umbel.services.control.types import Edit, WorkerAnswer
from umbel.services.control.worker_facts import registered_names
from umbel.store.ledger import Intent, Repeat

#: How many tasks at once.
CHUNKS: Final[Mapping[str, int]] = {"revoke": 1_000, "terminate": 1_000, "abort": 100, "retry": 200}
#: The header of a task that repeats another: the other's id.
REPEATS_HEADER: Final = "umbel_repeats"
#: How long workers have to answer, seconds.
ANSWER_S: Final = 1.0
ENDED_MEANWHILE: Final = "It had ended already."
NEWER: Final = "It came after the plan was made, which does not show it."
NO_ANSWER: Final = "No answer came in time, which says nothing: it may be busy, gone, or slow."


class TaskActions:
    """Carries out actions on tasks; any thread, several at once."""

    def __init__(self, context: ActionContext) -> None:
        self._store = context.store
        self._ledger = context.ledger
        self._cluster = context.cluster
        self._results = context.results
        self._workers = context.workers
        self._clock = context.clock
        self._doing: dict[str, Callable[[Run, Sequence[Target]], None]] = {
            "revoke": self._revoke,
            "terminate": self._terminate,
            "abort": self._abort,
            "retry": self._retry,
        }

    def perform(self, run: Run, selection: TargetSelection) -> None:
        """All of it. Raises `Stopped`, `BrokerError`, `ResultsUnavailable`, `StoreError`."""
        action = run.request.action
        run.leaves_out_repeated = selection.leaves_out_repeated
        for chunk in selection.chunks(self._store, CHUNKS[action]):
            run.must_go_on()
            permitted = _permitted(run, chunk)
            planned = [each for each in permitted if not selection.is_new(each)]
            run.skip(len(permitted) - len(planned), NEWER)
            targets = [
                each for each in planned if not (selection.leaves_out_ended and each.has_ended)
            ]
            run.skip(len(planned) - len(targets), ENDED_MEANWHILE)
            if targets:
                self._doing[action](run, targets)

    def _revoke(self, run: Run, targets: Sequence[Target]) -> None:
        ids = [target.uuid for target in targets]
        self._intend(run, "revoke", ids)
        if run.request.ids is None or len(run.request.ids) > CHUNKS["revoke"]:
            # For large batches the replies are not waited for: nobody would read them.
            run.insist(lambda: self._cluster.broadcast("revoke", {"task_id": ids}))
        else:
            live, silent = self._workers.live(), self._workers.silent()
            replies = run.insist(
                lambda: self._cluster.ask(
                    "revoke",
                    {"task_id": ids},
                    limit=len(live) or None,
                    timeout_s=ANSWER_S,
                    awaited=live,
                )
            )
            for answer in worker_answers(replies, (*live, *silent), self._cluster):
                run.answer(answer)
        run.advance(len(ids))

    def _terminate(self, run: Run, targets: Sequence[Target]) -> None:
        self._intend(run, "terminate", [target.uuid for target in targets])
        live = self._workers.live()
        for worker, ids in _by_worker(targets).items():
            run.must_go_on()
            arguments = {"task_id": ids, "terminate": True, "signal": run.request.signal}
            refused = self._terminate_at(run, worker, arguments, live)
            run.advance(len(ids), failed=len(ids) if refused else 0, why=refused)

    def _terminate_at(
        self, run: Run, worker: str | None, arguments: dict[str, object], live: tuple[str, ...]
    ) -> str | None:
        """Tell the worker that runs them, or everybody where none is known to; the sentence
        by which the worker refused."""
        if worker is not None and worker not in live:
            run.insist(lambda: self._cluster.broadcast("revoke", arguments, workers=[worker]))
            run.answer(WorkerAnswer(worker, "unknown", "Nothing is heard of this worker now."))
            return None
        expected = live if worker is None else (worker,)
        silent = self._workers.silent() if worker is None else ()
        replies = run.insist(
            lambda: self._cluster.ask(
                "revoke",
                arguments,
                workers=None if worker is None else [worker],
                limit=len(live) or None if worker is None else 1,
                timeout_s=ANSWER_S,
                awaited=expected,
            )
        )
        answers = worker_answers(replies, (*expected, *silent), self._cluster)
        for answer in answers:
            run.answer(answer)
        if worker is not None and answers[0].outcome == "refused":
            return answers[0].answer
        return None

    def _abort(self, run: Run, targets: Sequence[Target]) -> None:
        self._intend(run, "abort", [target.uuid for target in targets])
        for target in targets:
            run.must_go_on()
            run.insist(lambda task_id=target.uuid: self._results.abort(task_id))  # type: ignore[misc]
            run.advance(1)

    def _retry(self, run: Run, targets: Sequence[Target]) -> None:
        if run.leaves_out_repeated:
            before = repeated(targets, self._ledger, self._store)
            for sentence, count in Counter(before.values()).items():
                run.skip(count, sentence)
            targets = [target for target in targets if target.uuid not in before]
        recovery = self._recover(run, targets)
        repeatable: list[RecoveredTask] = []
        for each in recovery.tasks:
            if each.arguments.fidelity is None:
                run.skip(1, each.arguments.why or "")
            else:
                repeatable.append(each)
        self._send(run, repeatable)

    def _recover(self, run: Run, targets: Sequence[Target]) -> Recovery:
        """With the result backend if it can be had; else what needs it is left out."""

        names = registered_names(self._workers)
        sources = ArgumentSources(self._store, self._cluster, self._results, names, run.bounds)

        def whole() -> Recovery:
            recovery = recover_arguments(targets, run.request.edit, sources)
            if recovery.trouble is not None:
                raise recovery.trouble
            return recovery

        try:
            if not run.is_without_results:
                return run.insist(whole)
        except ResultsUnavailable as error:
            run.is_without_results = True
            run.note(str(error))
        sources = msgspec.structs.replace(sources, results=None)
        return recover_arguments(targets, run.request.edit, sources)

    def _send(self, run: Run, recovered: Sequence[RecoveredTask]) -> None:
        """Send them, and write down which of them were, whatever happens meanwhile: before, that
        they may be, so that nobody sends them twice if this process is killed, nor while it sends.
        What the broker may have is not sent once more: a worker would run it twice."""
        left = [
            (each.task.uuid, signature(each, run.request.edit, self._clock.now()))
            for each in recovered
        ]
        since = None if run.leaves_out_repeated else run.plan.made
        others = self._ledger.claim(self._repeats(run, left, maybe=True), since=since)
        run.skip(len(others), REPEATED_MEANWHILE)
        left = [each for each in left if each[0] not in others]
        try:
            self._send_all(run, left)
        except (UmbelError, Stopped):
            unsent = [new.id for _, new in left]
            with suppress(StoreError):  # then it is written with the end
                run.write(lambda: self._ledger.unrepeat(unsent))
            raise

    def _send_all(self, run: Run, left: list[tuple[str, Signature]]) -> None:
        """Send what is `left`, which leaves that as soon as the broker has it, or may."""
        for pause_s in (*PAUSES_S, None):
            try:
                if left:
                    self._cluster.send([signature for _, signature in left])
                sent, left[:] = left[:], []
                self._were_sent(run, sent)
            except BrokerError as error:
                sent = [each for each in left if each[1].id in error.sent]
                unsure = [new.id for _, new in left if new.id in error.maybe_sent]
                left[:] = [each for each in left if each[1].id not in {*error.sent, *unsure}]
                self._were_sent(run, sent)
                if unsure:
                    run.note(str(error))
                    run.unsure(unsure)
                if pause_s is None or not error.retriable:
                    raise
                run.rest(pause_s)
            else:
                return

    def _were_sent(self, run: Run, sent: Sequence[tuple[str, Signature]]) -> None:
        for old, new in sent:
            run.sent(old, new.id)
        run.advance(len(sent))
        repeats = self._repeats(run, sent)
        run.write(lambda: self._ledger.repeat(repeats))

    def _repeats(
        self, run: Run, sent: Sequence[tuple[str, Signature]], *, maybe: bool = False
    ) -> list[Repeat]:
        actor, now = run.by.name if run.by else "", self._clock.now()
        return [Repeat(new.id, old, now, actor, run.plan.id, maybe) for old, new in sent]

    def _intend(self, run: Run, kind: str, ids: Sequence[str]) -> None:
        actor, now = run.by.name if run.by else "", self._clock.now()
        self._ledger.intend(
            Intent(task_id=each, kind=kind, at=now, actor=actor, action_id=run.plan.id)
            for each in ids
        )


def _permitted(run: Run, targets: Sequence[Target]) -> list[Target]:
    """Those within the bounds of the run; the others are left out."""
    permitted: list[Target] = []
    for target in targets:
        refusal = target.refusal(run.bounds)
        if refusal is None:
            permitted.append(target)
        else:
            run.skip(1, refusal)
    return permitted


def signature(recovered: RecoveredTask, edit: Edit | None, now: float) -> Signature:
    """The task that repeats another: the same workflow, its place in it that of the other,
    or below it if the other was the root; the same way to its queue, unless edited. Priority,
    limits, headers and an expiry that is still to come are those of the queued message, where
    that is there. When it was due is not repeated. Arguments that are not edited are shown as they
    were: their sender may have chosen a text that hides some (`argsrepr`)."""
    task = recovered.task
    edit = edit or Edit()
    queued = recovered.queued or QueuedMessage(task_id=None)
    expires = parse_iso(queued.expires) if queued.expires else None
    queue, exchange, routing_key = route(task, edit)
    is_root = task.root_id in (None, task.uuid)
    return Signature(
        id=str(uuid.uuid4()),
        name=task.name or "",
        args=tuple(recovered.arguments.args),
        kwargs=recovered.arguments.kwargs,
        queue=queue,
        exchange=exchange,
        routing_key=routing_key,
        priority=queued.priority if edit.priority is None else edit.priority,
        countdown_s=edit.countdown,
        eta=edit.eta,
        expires=_still_to_come(expires, now) if edit.expires is None else now + edit.expires,
        soft_time_limit_s=queued.soft_time_limit_s,
        time_limit_s=queued.time_limit_s,
        root_id=task.root_id or task.uuid,
        parent_id=task.parent_id or (task.uuid if is_root else None),
        headers={**queued.headers, **_own(queued), REPEATS_HEADER: task.uuid},
        args_repr=(queued.args_repr or task.args) if edit.args is None else None,
        kwargs_repr=(queued.kwargs_repr or task.kwargs) if edit.kwargs is None else None,
    )


def _own(queued: QueuedMessage) -> dict[str, object]:
    """Those of Celery's headers that have no field of their own."""
    named = {"shadow": queued.shadow, "ignore_result": queued.ignore_result or None}
    return {name: value for name, value in named.items() if value is not None}


def _still_to_come(at: float | None, now: float) -> float | None:
    return at if at is not None and at > now else None


def worker_answers(
    replies: Sequence[Reply], expected: Sequence[str], cluster: Cluster
) -> list[WorkerAnswer]:
    """What came, and what did not, of those who were expected to answer; by name."""
    answers = {
        reply.worker: WorkerAnswer(reply.worker, "ok", answer_text(reply.value))
        if reply.error is None
        else WorkerAnswer(
            reply.worker, "refused", _refusal(reply.worker, reply.error, cluster), cut(reply.error)
        )
        for reply in replies
    }
    silent = {name: WorkerAnswer(name, "unknown", NO_ANSWER) for name in expected}
    return [answer for _, answer in sorted((silent | answers).items())]


def _refusal(worker: str, error: str, cluster: Cluster) -> str:
    return in_words(error, pool_of(worker, cluster) if is_of_pool(error) else None)


def _by_worker(targets: Sequence[Target]) -> Mapping[str | None, list[str]]:
    """Ids by the worker that runs them; under None those that none is known to run."""
    grouped: dict[str | None, list[str]] = defaultdict(list)
    for target in targets:
        grouped[_runs_on(target.task)].append(target.uuid)
    return grouped


def _runs_on(task: Task | None) -> str | None:
    return (task.worker or None) if task is not None and task.state == STARTED else None
