"""The row of a task whose history is simple, without making the task.

Nearly all are. It is what `row(project(...))` gives, in two thirds of the time
(`tests/property/test_simple_histories.py` holds them equal).
"""

from __future__ import annotations

from collections.abc import Callable

from umbel.cluster.attempts import FAILURE, SUCCESS, true_exception
from umbel.cluster.facts import Facts
from umbel.cluster.interpret import simple_events
from umbel.cluster.task import error_label
from umbel.store.sqlite.files.row import (
    ARGS_FLAG,
    CLIENT_FLAG,
    EXCEPTION_FLAG,
    EXCHANGE_FLAG,
    KWARGS_FLAG,
    RESULT_FLAG,
    ROUTING_KEY_FLAG,
    TRACEBACK_FLAG,
    Id,
    Row,
    fitting,
    id_value,
)
from umbel.store.sqlite.files.stored_numbers import FLAG_BITS


def simple_row(
    uuid: str,
    identity: Id,
    facts: Facts,
    changed: float,
    shared: Callable[[str, str | None], int | None],
) -> Row | None:
    """The columns of the task `uuid` by `facts`; None where its history is not simple, or tells
    what few do. `shared` is that of `row`."""
    found = simple_events(facts)
    if found is None:
        return None
    sent, received, started, end, worker, _, _, state, odd = found
    now = received or sent
    if (
        now is None
        or now.eta
        or now.expires
        or now.group_id is not None
        or now.chord_id is not None
        or now.chain
        or (len(facts) > 1 and not (now.name and now.args and now.kwargs and now.root_id))
        or (end is not None and end.exception is not None and state == SUCCESS)
    ):
        return None
    flags = sum(map(FLAG_BITS.__getitem__, odd)) if odd else 0
    if now.args is not None:
        flags |= ARGS_FLAG
    if now.kwargs is not None:
        flags |= KWARGS_FLAG
    sent_at = None
    if sent is not None:
        sent_at = sent.timestamp
        flags |= CLIENT_FLAG
        if sent.exchange is not None:
            flags |= EXCHANGE_FLAG
        if sent.routing_key is not None:
            flags |= ROUTING_KEY_FLAG
    started_at = wait = None
    if started is not None:
        started_at = started.timestamp
        if sent_at is not None:
            wait = max(0.0, started_at - max(sent_at, 0.0))
    ended_at = failed_at = runtime = error = None
    if end is not None:
        ended_at, runtime = end.timestamp, end.runtime
        if runtime is None and started_at is not None:
            runtime = max(0.0, ended_at - started_at)
        if state == FAILURE:
            failed_at = ended_at
            error = error_label(end)
            if true_exception(end) is not None:
                flags |= EXCEPTION_FLAG
            if end.traceback is not None:
                flags |= TRACEBACK_FLAG
        elif end.result is not None:
            flags |= RESULT_FLAG
    root, parent = now.root_id, (sent or now).parent_id
    return (
        identity,
        shared("name", now.name),
        shared("state", state),
        shared("worker", worker),
        shared("queue", (sent or now).queue),
        None if error is None else shared("error", error),
        None if not root or root == uuid else id_value(root),
        None if parent is None or parent == uuid else id_value(parent),
        facts[0].timestamp, facts[-1].timestamp,
        sent_at, None if received is None else received.timestamp, started_at, ended_at,
        failed_at, None, None, None, None, None, runtime, wait,
        fitting(now.retries or 0), changed,
        None if worker is None else fitting(facts[-1].pid), flags,
    )  # fmt: skip
