"""The table of Flower's API: each path and method, its permission, thread pool and handler.

Begin here to find which function answers an address of Flower's.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from umbel.auth.base import Permission
from umbel.web.flower import actions, listing, sending, workers
from umbel.web.flower.metrics import metrics
from umbel.web.http.route import Handler, Route
from umbel.web.requests import Nothing
from umbel.web.thread_pools import PoolName


def _see(path: str, handler: Handler, summary: str, thread_pool: PoolName = "cluster") -> Route:
    return _route(path, handler, summary, thread_pool, "GET", "read")


def _do(
    path: str,
    handler: Handler,
    summary: str,
    *,
    permission: Permission = "operate",
) -> Route:
    return _route(path, handler, summary, "cluster", "POST", permission)


def _do_to_tasks(
    path: str, handler: Handler, summary: str, thread_pool: PoolName = "cluster"
) -> Route:
    route = _route(path, handler, summary, thread_pool, "POST", "operate")
    return msgspec.structs.replace(route, for_some=True)


def _route(
    path: str,
    handler: Handler,
    summary: str,
    thread_pool: PoolName,
    method: Literal["GET", "POST"],
    permission: Permission | None,
) -> Route:
    return Route(
        name=f"flower {path.partition('/{')[0]}",
        path=path,
        summary=summary,
        tag="flower",
        asks=Nothing,
        handler=handler,
        method=method,
        permission=permission,
        thread_pool=thread_pool,
        with_actor=method == "POST",
    )


def _healthcheck(_: object, __: object) -> str:
    return "OK"


#: `{target}` may hold anything, slashes and `@` too. Handlers get `ClusterServices` and
#: `FlowerRequest`; those of the pool `waiting` are coroutines and get `ResultWaiter` as well.
FLOWER_ROUTES: Final = (
    _see("/api/workers", workers.list_workers, "What workers say of themselves"),
    _do(
        "/api/worker/shutdown/{target}",
        actions.shut_down,
        "Stop a worker",
        permission="administer",
    ),
    _do("/api/worker/pool/restart/{target}", actions.restart_pool, "Restart a pool"),
    _do("/api/worker/pool/grow/{target}", actions.grow_pool, "Add processes to a pool"),
    _do("/api/worker/pool/shrink/{target}", actions.shrink_pool, "Take processes from a pool"),
    _do("/api/worker/pool/autoscale/{target}", actions.autoscale_pool, "Bound a pool's size"),
    _do("/api/worker/queue/add-consumer/{target}", actions.add_consumer, "Consume a queue"),
    _do("/api/worker/queue/cancel-consumer/{target}", actions.cancel_consumer, "Leave a queue"),
    _see("/api/tasks", listing.list_tasks, "Tasks that fit", "waiting"),
    _see("/api/task/types", workers.task_types, "Names of tasks"),
    _see("/api/queues/length", workers.queue_lengths, "How full queues are"),
    _see("/api/task/info/{target}", listing.task_info, "One task", "history"),
    _do_to_tasks("/api/task/apply/{target}", sending.apply_task, "Run a task and wait", "waiting"),
    _do_to_tasks(
        "/api/task/async-apply/{target}", sending.apply_async, "Send a task that workers have"
    ),
    _do_to_tasks("/api/task/send-task/{target}", sending.send_task, "Send a task by its name"),
    _see("/api/task/result/{target}", sending.task_result, "What came of a task", "waiting"),
    _do_to_tasks("/api/task/abort/{target}", actions.abort_task, "Mark a task as aborted"),
    _do_to_tasks("/api/task/timeout/{target}", actions.limit_time, "Limit the time of a task"),
    _do_to_tasks("/api/task/rate-limit/{target}", actions.limit_rate, "Limit the rate of a task"),
    _do_to_tasks("/api/task/revoke/{target}", actions.revoke_task, "Revoke or terminate a task"),
    _see("/metrics", metrics, "Metrics for Prometheus", "history"),
    msgspec.structs.replace(
        _route("/healthcheck", _healthcheck, "Whether this answers", "history", "GET", None),
        blocking=False,
    ),
)
