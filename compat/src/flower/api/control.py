"""Acting on workers and tasks. Each gives `message`, how it stands, and raises `NoAnswer` where no
worker answered, and `ActionRefused` for what cannot be done."""

from __future__ import annotations

from typing import Any

import umbel
from flower.api import Handler
from flower.unserved import unserved


class WorkerShutDown(Handler):
    async def post(self, workername: str) -> Any:
        return await self._told(umbel.worker_shutdown, workername)


class WorkerPoolRestart(Handler):
    async def post(self, workername: str) -> Any:
        return await self._told(umbel.worker_pool_restart, workername)


class WorkerPoolGrow(Handler):
    async def post(self, workername: str, n: int = 1) -> Any:
        return await self._told(umbel.worker_pool_grow, workername, n)


class WorkerPoolShrink(Handler):
    async def post(self, workername: str, n: int = 1) -> Any:
        return await self._told(umbel.worker_pool_shrink, workername, n)


class WorkerPoolAutoscale(Handler):
    async def post(
        self,
        workername: str,
        min: int,  # noqa: A002  Flower's names
        max: int,  # noqa: A002
    ) -> Any:
        return await self._told(umbel.worker_pool_autoscale, workername, min, max)


class WorkerQueueAddConsumer(Handler):
    async def post(self, workername: str, queue: str) -> Any:
        return await self._told(umbel.worker_queue_add_consumer, workername, queue)


class WorkerQueueCancelConsumer(Handler):
    async def post(self, workername: str, queue: str) -> Any:
        return await self._told(umbel.worker_queue_cancel_consumer, workername, queue)


class TaskRevoke(Handler):
    async def post(self, taskid: str, terminate: bool = False, signal: str = "SIGTERM") -> Any:
        return await self._told(umbel.task_revoke, taskid, terminate, signal)


class TaskTimout(Handler):
    async def post(
        self,
        taskname: str,
        soft: float | None = None,
        hard: float | None = None,
        workername: str | None = None,
    ) -> Any:
        return await self._told(umbel.task_timeout, taskname, soft, hard, workername)


class TaskRateLimit(Handler):
    async def post(self, taskname: str, ratelimit: Any, workername: str | None = None) -> Any:
        return await self._told(umbel.task_rate_limit, taskname, ratelimit, workername)


__getattr__ = unserved(
    __name__, {"ControlHandler": "Use umbel.aio in a web application of one's own."}
)
