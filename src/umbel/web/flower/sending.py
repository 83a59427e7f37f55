"""`POST /api/task/{apply,async-apply,send-task}/NAME`: sending tasks, and `GET
/api/task/result/ID`: what came of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Final

import msgspec

from umbel.cluster.task import PENDING
from umbel.errors import BrokerRefused, ResultsUnavailable
from umbel.results.base import UNKNOWN, Result
from umbel.services.cluster_services import ClusterServices
from umbel.services.control.task_sender import Apply
from umbel.web.flower.arguments import FlowerRequest
from umbel.web.flower.refusal import FlowerRefusal
from umbel.web.flower.workers import task_exists
from umbel.web.long_requests import ResultWaiter

#: The longest that one request waits for a result, seconds.
WAIT_MAX_S: Final = 3_600.0
#: Options of `apply_async` by their names in `Apply`.
_OPTIONS: Final = frozenset(
    {
        "queue", "exchange", "routing_key", "priority", "serializer", "soft_time_limit",
        "time_limit", "headers", "task_id", "root_id", "parent_id",
    }
)  # fmt: skip
#: Options of which an empty text says as little as none, to Celery and so to Flower. An empty
#: exchange is one: the broker's default.
_EMPTY_IS_NONE: Final = frozenset({"queue", "routing_key", "serializer", "root_id", "parent_id"})
#: Options that are headers of a message.
_HEADERS: Final = frozenset({"shadow", "ignore_result"})
#: What Celery does something with and Umbel cannot; Celery passes over names that it does not know.
_NOT_OURS: Final = frozenset(
    {
        "link", "link_error", "chord", "chain", "group_id", "group_index", "stamped_headers",
        "reply_to", "replaced_task_nesting", "retries", "task_type", "route_name", "producer",
        "publisher", "connection", "router", "result_cls", "event_dispatcher", "declare",
        "exchange_type", "expiration", "mandatory", "immediate", "confirm_timeout", "message_id",
        "correlation_id", "content_type", "content_encoding", "user_id", "app_id", "cluster_id",
        "type", "timestamp",
    }
)  # fmt: skip
_DATE: Final = "%Y-%m-%d %H:%M:%S.%f"
#: Ten years, in seconds.
_LONG_S: Final = 315_360_000.0


async def apply_task(
    services: ClusterServices, params: FlowerRequest, waiter: ResultWaiter
) -> object:
    """Send a task and wait for its result."""
    with waiter.thread_pools.waiters.one():
        return await _applied(services, params, waiter)


async def _applied(
    services: ClusterServices, params: FlowerRequest, waiter: ResultWaiter
) -> object:
    task_id, timeout_s = await waiter.thread_pools.cluster.run(partial(_begin, services, params))
    try:
        result = await waiter.result(services, task_id, timeout_s)
        return await waiter.thread_pools.history.run(partial(_row, services, result))
    except ResultsUnavailable as error:
        sentence = f"Task {task_id} was sent, but what becomes of it is not known: {error}"
        raise FlowerRefusal(HTTPStatus.SERVICE_UNAVAILABLE, sentence) from error


def apply_async(services: ClusterServices, params: FlowerRequest) -> object:
    """Send a task that workers have."""
    _require_task(services, params.target)
    return _sent(_apply(services, params, params.given()))


def send_task(services: ClusterServices, params: FlowerRequest) -> object:
    """Send a task whether or not anybody has it."""
    return _sent(_apply(services, params, params.given()))


async def task_result(
    services: ClusterServices, params: FlowerRequest, waiter: ResultWaiter
) -> object:
    """What the result backend keeps, waited for with a `timeout`."""
    timeout_s = await waiter.thread_pools.history.run(partial(params.number, "timeout")) or 0.0
    with waiter.thread_pools.waiters.one():
        result = await waiter.result(services, params.target, min(timeout_s, WAIT_MAX_S))
    return await waiter.thread_pools.history.run(partial(_row, services, result))


def _row(services: ClusterServices, result: Result) -> dict[str, object]:
    """The same; of a result that tells not even its state, the state that events tell."""
    if result.state == UNKNOWN:
        task = services.store.task(result.task_id)
        state = task.state if task is not None else PENDING
        result = msgspec.structs.replace(result, state=state)
    return result_row(result)


def result_row(result: Result) -> dict[str, object]:
    """A result as Flower shows it; `error` says why one that is there cannot be shown."""
    row: dict[str, object] = {"task-id": result.task_id, "state": result.state}
    if result.unreadable is not None:
        row["error"] = result.unreadable
    elif result.is_ready:
        row["result"] = result.result if result.exception is None else result.exception
        if result.state == "FAILURE":
            row["traceback"] = result.traceback
    return row


def _begin(services: ClusterServices, params: FlowerRequest) -> tuple[str, float]:
    """Send a task that is waited for: its id, and how long, in seconds."""
    options = params.given()
    timeout_s = _timeout_s(options.pop("timeout", None))
    _require_task(services, params.target)
    return _apply(services, params, options, expected=True), min(timeout_s, WAIT_MAX_S)


def _timeout_s(value: object) -> float:
    if value is None:
        return WAIT_MAX_S
    try:
        seconds = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        seconds = math.nan
    if math.isnan(seconds):
        raise FlowerRefusal(HTTPStatus.BAD_REQUEST, "Invalid timeout")
    return seconds


def _require_task(services: ClusterServices, name: str) -> None:
    if not task_exists(services, name):
        raise FlowerRefusal(HTTPStatus.NOT_FOUND, f"Unknown task '{name}'")


def _apply(
    services: ClusterServices,
    params: FlowerRequest,
    options: dict[str, object],
    *,
    expected: bool = False,
) -> str:
    """Send it; its id. Where a client wants it to go and the broker will not have it, the
    client is wrong."""
    apply = apply_of(params.target, options, services.clock.now())
    try:
        return services.control.apply(apply, params.person, expected=expected).task_id
    except BrokerRefused as error:
        if apply.queue or apply.exchange is not None or apply.routing_key:
            raise FlowerRefusal(HTTPStatus.BAD_REQUEST, str(error)) from error
        raise


def _sent(task_id: str) -> object:
    return {"task-id": task_id, "state": "PENDING"}


def apply_of(name: str, given: Mapping[str, object], now: float) -> Apply:
    """What a client wants sent at `now` (Unix seconds). Raises `FlowerRefusal`."""
    args = given.get("args", [])
    if not isinstance(args, list):
        raise FlowerRefusal(HTTPStatus.BAD_REQUEST, "args must be an array")
    options = {
        key: value
        for key, value in given.items()
        if value is not None and key != "args" and not (value == "" and key in _EMPTY_IS_NONE)
    }
    kwargs = options.pop("kwargs", {})
    if not isinstance(kwargs, dict):
        raise FlowerRefusal(HTTPStatus.BAD_REQUEST, "kwargs must be an object")
    fields: dict[str, object] = {"name": name, "args": args, "kwargs": kwargs}
    fields |= {key: options.pop(key) for key in _OPTIONS & options.keys()}
    headers = {key: options.pop(key) for key in _HEADERS & options.keys()}
    if headers:
        given_headers = fields.get("headers", {})
        fields["headers"] = headers | given_headers if isinstance(given_headers, dict) else 0
    if "countdown" in options:
        fields["countdown"] = _seconds("countdown", options.pop("countdown"))
    if "eta" in options:
        fields["eta"] = _timestamp("eta", options.pop("eta"))
    expires = _expires(options.pop("expires"), now) if "expires" in options else None
    for key in sorted(_NOT_OURS & options.keys()):
        raise _invalid(key, "Umbel cannot send tasks with it")
    try:
        apply = msgspec.convert(fields, Apply, strict=False)
    except msgspec.ValidationError as error:
        raise _invalid(*_option_and_why(str(error))) from None
    return apply if expires is None else msgspec.structs.replace(apply, expires=expires)


def _expires(value: object, now: float) -> float:
    """Seconds from `now`; less than none for what has expired."""
    try:
        return _seconds("expires", value)
    except FlowerRefusal:
        left_s = _timestamp("expires", value) - now
    if abs(left_s) > _LONG_S:
        raise _invalid("expires", "it is more than ten years away")
    return left_s


def _seconds(option: str, value: object) -> float:
    try:
        seconds = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        seconds = math.nan
    if not abs(seconds) <= _LONG_S:  # nor NaN
        raise _invalid(option, "it takes a number of seconds")
    return seconds


def _timestamp(option: str, value: object) -> float:
    """Unix seconds of a date in UTC, in Flower's format or ISO 8601."""
    try:
        if not isinstance(value, str):
            raise TypeError
        try:
            parsed = datetime.strptime(value, _DATE)  # noqa: DTZ007
        except ValueError:
            parsed = datetime.fromisoformat(value)
        aware = parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)
        return aware.timestamp()
    except (TypeError, ValueError, OverflowError, OSError):
        raise _invalid(option, "it takes a date like 2026-11-22 09:30:00.000000") from None


def _option_and_why(text: str) -> tuple[str, str]:
    """Of msgspec's sentence (`Expected ... - at `$.queue``) the option, and what is wrong."""
    why, _, place = text.partition(" - at ")
    return place.strip("`").removeprefix("$.") or "in the body", why[:1].lower() + why[1:]


def _invalid(option: str, why: str) -> FlowerRefusal:
    return FlowerRefusal(HTTPStatus.BAD_REQUEST, f"Invalid option {option}: {why}.")
