"""Sending one task: what `apply_async` and `send_task` do, with a line in the audit."""

from __future__ import annotations

import logging
import uuid
from difflib import get_close_matches
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from umbel.auth.base import Actor
from umbel.broker.base import Signature
from umbel.broker.reserved_headers import own_header
from umbel.cluster.events import LABEL_MAX, UUID_MAX
from umbel.cluster.task import PENDING
from umbel.errors import (
    ActionRefused,
    BrokerError,
    BrokerUnreachable,
    ResultsUnavailable,
    StoreError,
    UmbelError,
)
from umbel.results.base import Result
from umbel.services.cluster.redacted_results import redacted_result
from umbel.services.cluster.registered_tasks import workers_by_name
from umbel.services.control.bounds import is_built_in
from umbel.services.control.context import ActionContext
from umbel.services.control.name_evidence import is_run_by_late_worker
from umbel.services.control.phrases import cut
from umbel.services.control.request_checks import no_control_characters
from umbel.services.control.reserved_names import refuse_reserved
from umbel.services.control.types import Reason
from umbel.services.phrases import names
from umbel.store.ledger import AuditEntry

log = logging.getLogger(__name__)

#: A year, and the year 2200, in seconds.
_LONG_S: Final = 31_536_000
_LATE: Final = 7_258_118_400

_Label = Annotated[str, Meta(min_length=1, max_length=LABEL_MAX)]
_Id = Annotated[str, Meta(min_length=1, max_length=UUID_MAX)]
_Span = Annotated[float, Meta(gt=0, le=_LONG_S)]

#: So often workers are asked whether they know a name: a busy one is late, and often the only one.
QUESTIONS_MAX: Final = 3

#: Fields of `Apply` that name something.
_NAMES: Final = (
    "name", "queue", "exchange", "routing_key", "serializer", "task_id", "root_id", "parent_id",
)  # fmt: skip


class Apply(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A task to send. `countdown` and `expires` are seconds from the sending, `eta` Unix
    seconds, the limits seconds. The exchange `""` is the broker's
    default one. `check` refuses a name that no live worker has registered;
    `wait` waits so many seconds for the result. `reason` is a person's own words for the
    audit."""

    name: _Label
    args: list[object] = []
    kwargs: dict[str, object] = {}
    queue: _Label | None = None
    exchange: Annotated[str, Meta(max_length=LABEL_MAX)] | None = None
    routing_key: _Label | None = None
    priority: Annotated[int, Meta(ge=0, le=255)] | None = None
    countdown: Annotated[float, Meta(ge=0, le=_LONG_S)] | None = None
    eta: Annotated[float, Meta(ge=0, le=_LATE)] | None = None
    expires: _Span | None = None
    serializer: _Label | None = None
    soft_time_limit: _Span | None = None
    time_limit: _Span | None = None
    headers: dict[str, object] = {}
    task_id: _Id | None = None
    root_id: _Id | None = None
    parent_id: _Id | None = None
    check: bool = False
    wait: Annotated[float, Meta(ge=0, le=3_600)] | None = None
    reason: Reason | None = None


class SentTask(msgspec.Struct, frozen=True):
    """A task that was sent. `state` and `result` are the result backend's where it was
    waited for, else PENDING and None. If the backend went away while it was waited for,
    `result.unreadable` says so."""

    task_id: str
    state: str
    result: Result | None


class TaskSender:
    """Sends tasks. Any thread."""

    def __init__(self, context: ActionContext) -> None:
        self._store = context.store
        self._ledger = context.ledger
        self._cluster = context.cluster
        self._results = context.results
        self._workers = context.workers
        self._clock = context.clock
        self._redactor = context.redactor

    def apply(self, apply: Apply, actor: Actor, *, expected: bool = False) -> SentTask:
        """Send it for somebody who may, and wait if asked to; `expected`: its result will be
        waited for otherwise. Raises `ActionRefused`, `BrokerError`, `StoreError`, and
        `ResultsUnavailable` if it is to be waited for and no result can come; nothing is sent
        then."""
        self._check(apply)
        signature = signature_of(apply, self._clock.now())
        if expected or apply.wait is not None:  # nothing is sent if no result can come
            reply_to = self._results.expect(signature.id)
            signature = msgspec.structs.replace(signature, reply_to=reply_to)
        self._record(actor, signature, apply.reason, None, None)
        try:
            self._cluster.send([signature])
        except UmbelError as error:
            explained = _unsure(error, signature)
            self._record_end(actor, signature, apply.reason, "failed", str(explained))
            raise explained from error.__cause__
        self._record_end(actor, signature, apply.reason, "done", "Sent.")
        return self._result(signature.id, signature.name, apply.wait)

    def _check(self, apply: Apply) -> None:
        no_control_characters({field: getattr(apply, field) for field in _NAMES})
        if apply.countdown is not None and apply.eta is not None:
            raise ActionRefused(
                "A task cannot have both a countdown and an ETA.", field="countdown"
            )
        header = own_header(apply.headers)
        if header is not None:
            raise ActionRefused(
                f"The header {header} belongs to Celery.",
                field="headers",
                remedy="Say it by the field of its own, if there is one; `shadow` is a text, "
                "`ignore_result` true or false.",
            )
        if apply.queue is not None and (apply.exchange or apply.routing_key):
            raise ActionRefused(
                "A task goes either to a queue or to an exchange with a routing key.",
                field="queue",
            )
        refuse_reserved(
            self._cluster.reserved().of_signature(signature_of(apply, self._clock.now()))
        )
        if apply.check and not is_built_in(apply.name):
            self._check_name(apply.name)

    def _check_name(self, name: str) -> None:
        registered: set[str] = set()
        silent: tuple[str, ...] = ()
        for turn in range(QUESTIONS_MAX):
            if turn:
                self._workers.forget()
            answers = self._workers.inspect("registered", silent or None)
            registered |= {*workers_by_name(answers)}
            silent = answers.unheard
            if name in registered:
                return
            if is_run_by_late_worker(self._store, name, self._clock.now()):
                return
            if registered and not silent:
                break
        if not registered:
            raise ActionRefused(
                f"No worker says whether it knows {name}, so it was not sent.",
                field="name",
                remedy="Check that workers run, or send without checking the name.",
            )
        near = next(iter(get_close_matches(name, registered, 1)), None)
        if silent:
            message = f"No worker that answers knows a task {name}; {names(silent)} did not answer."
        else:
            message = f"No live worker knows a task {name}: it is not registered."
        raise ActionRefused(
            message,
            field="name",
            remedy=f"Did you mean {near}?" if near else "Check the name and the workers' code.",
            suggestion=near,
        )

    def _result(self, task_id: str, name: str, wait_s: float | None) -> SentTask:
        if wait_s is None:
            return SentTask(task_id, PENDING, None)
        try:
            result = self._results.wait(task_id, wait_s)
        except ResultsUnavailable as error:
            result = Result(task_id=task_id, state=PENDING, unreadable=str(error))
        return SentTask(task_id, result.state, redacted_result(result, name, self._redactor))

    def _record_end(
        self, actor: Actor, signature: Signature, reason: str | None, outcome: str, answer: str
    ) -> None:
        """What came of it. Whoever sent it learns that also where the ledger cannot be written: its
        line in the audit stays without an outcome."""
        try:
            self._record(actor, signature, reason, outcome, answer)
        except StoreError as error:
            log.warning("The end of sending %s is not in the audit: %s", signature.id, error)

    def _record(
        self,
        actor: Actor,
        signature: Signature,
        reason: str | None,
        outcome: str | None,
        answer: str | None,
    ) -> None:
        where = signature.queue or signature.routing_key
        self._ledger.record(
            AuditEntry(
                at=self._clock.now(),
                actor=actor.name,
                address=actor.address,
                via=actor.via,
                action="apply",
                target=f"{signature.name} as {signature.id}" + (f" to {where}" if where else ""),
                count=1,
                outcome=outcome,
                answer=None if answer is None else cut(answer),
                reason=reason,
                tasks=(signature.id,),
            )
        )


def _unsure(error: UmbelError, signature: Signature) -> UmbelError:
    """The same error; where the broker may have the task, one that says so."""
    if not isinstance(error, BrokerError) or not error.unsure:
        return error
    explained = BrokerUnreachable(
        f"{error.message} Whether {signature.name} was sent is not known.",
        remedy=f"Look for it by its id, {signature.id}, before you send it again.",
    )
    explained.unsure = error.unsure
    return explained


def signature_of(apply: Apply, now: float) -> Signature:
    """The task that is sent at `now` (Unix seconds), with a new id unless it has one."""
    return Signature(
        id=apply.task_id or str(uuid.uuid4()),
        name=apply.name,
        args=tuple(apply.args),
        kwargs=apply.kwargs,
        queue=apply.queue,
        exchange=apply.exchange,
        routing_key=apply.routing_key,
        priority=apply.priority,
        countdown_s=apply.countdown,
        eta=apply.eta,
        expires=None if apply.expires is None else now + apply.expires,
        root_id=apply.root_id,
        parent_id=apply.parent_id,
        serializer=apply.serializer,
        soft_time_limit_s=apply.soft_time_limit,
        time_limit_s=apply.time_limit,
        headers=apply.headers,
    )
