"""OTLP as JSON, by its own definition: no package of OpenTelemetry is needed to speak it.

Ids are hexadecimal, 64-bit numbers are texts, names are in camel case. Pure.

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from umbel import __version__
from umbel.cluster.attempts import FAILURE, RETRY, SUCCESS, Attempt
from umbel.cluster.task import Task

Json = dict[str, Any]
#: Of the enumerations of OTLP: a span of somebody who takes messages, and what became of it.
_CONSUMER: Final = 5
_OK: Final = 1
_ERROR: Final = 2
_STATUS: Final = {SUCCESS: _OK, FAILURE: _ERROR, RETRY: _ERROR}


def trace_id(root_id: str) -> str:
    """The trace of all tasks of one root: the id of the root itself if it is a UUID, so that one
    can be found by the other."""
    try:
        return UUID(root_id).hex
    except ValueError:
        return hashlib.sha256(root_id.encode("utf-8", "replace")).hexdigest()[:32]


def span_id(uuid: str, number: int, more: str = "") -> str:
    """The span of an attempt; `more` tells redeliveries of one number apart."""
    text = f"{uuid}:{number}:{more}" if more else f"{uuid}:{number}"
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _id_of(task: Task, attempt: Attempt) -> str:
    # Its start is told before it sends anything, so what it sent can name it while it runs.
    began = attempt.started or attempt.ended
    return span_id(task.uuid, attempt.number, repr(began) if attempt.redelivered else "")


def _parent_id(task: Task, sender: Task | None) -> str:
    """The span of the attempt that ran when the task was sent; without one that is known, of the
    first."""
    sent = task.sent or task.received
    ran = [
        each
        for each in (sender.attempts if sender is not None and sent is not None else ())
        if each.started is not None and sent is not None and each.started <= sent
    ]
    if sender is None or not ran:
        return span_id(task.parent_id or "", 0)
    return _id_of(sender, max(ran, key=lambda each: each.started or 0.0))


def _id_before(task: Task, attempt: Attempt) -> str:
    """The span of the attempt of which this is a retry."""
    before = [each for each in task.attempts if each.number == attempt.number - 1 and each.ended]
    return _id_of(task, before[-1]) if before else span_id(task.uuid, attempt.number - 1)


def span(task: Task, attempt: Attempt, sender: Task | None = None) -> Json:
    """An attempt that has ended. Its parent is the attempt of `sender` that sent its task; a retry
    links to the attempt before it."""
    ended = attempt.ended or 0.0
    began = min(attempt.started or attempt.received or ended, ended)
    trace = trace_id(task.root_id or task.uuid)
    found: Json = {
        "traceId": trace,
        "spanId": _id_of(task, attempt),
        "name": task.name or "unknown",
        "kind": _CONSUMER,
        "startTimeUnixNano": nanoseconds(began),
        "endTimeUnixNano": nanoseconds(ended),
        "attributes": attributes({
            "messaging.system": "celery",
            "messaging.destination.name": task.queue,
            "messaging.message.id": task.uuid,
            "celery.task_name": task.name,
            "celery.state": attempt.state,
            "celery.retries": attempt.number,
            "celery.root_id": task.root_id,
            "celery.parent_id": task.parent_id,
        }),
        "status": {"code": _STATUS.get(attempt.state, 0)},
    }  # fmt: skip
    if task.parent_id and task.parent_id != task.uuid:
        found["parentSpanId"] = _parent_id(task, sender)
    if attempt.number:
        found["links"] = [{"traceId": trace, "spanId": _id_before(task, attempt)}]
    if attempt.exception:
        found["status"]["message"] = attempt.exception
        found["events"] = [{
            "name": "exception",
            "timeUnixNano": nanoseconds(ended),
            "attributes": attributes({
                "exception.message": attempt.exception,
                "exception.stacktrace": attempt.traceback,
            }),
        }]  # fmt: skip
    return found


def traces(
    attempts: Iterable[tuple[Task, Attempt]], service: str, senders: Mapping[str, Task]
) -> Json:
    """A request with these attempts, by worker; `senders` are tasks that sent theirs, by id."""
    by_worker: defaultdict[str, list[Json]] = defaultdict(list)
    for task, attempt in attempts:
        by_worker[attempt.worker or ""].append(
            span(task, attempt, senders.get(task.parent_id or ""))
        )
    return {"resourceSpans": [
        {
            "resource": resource(service, worker),
            "scopeSpans": [{"scope": SCOPE, "spans": spans}],
        }
        for worker, spans in by_worker.items()
    ]}  # fmt: skip


SCOPE: Final[Json] = {"name": "umbel", "version": __version__}


def resource(service: str, instance: str = "") -> Json:
    """Who tells: `instance` is a worker, or a server of Umbel."""
    return {
        "attributes": attributes({"service.name": service, "service.instance.id": instance or None})
    }


def attributes(named: Mapping[str, str | int | None]) -> list[Json]:
    """Those that are known."""
    return [
        {
            "key": key,
            "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value},
        }
        for key, value in named.items()
        if value is not None
    ]


def nanoseconds(seconds: float) -> str:
    return str(max(0, int(seconds * 1e6)) * 1_000)
