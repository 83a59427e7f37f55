"""Long polling: requests that stay open until a task has its result.

A waiting request holds no thread. The result is polled once a second in a thread of the pool
`waiting`, and between two polls it is checked whether the client is still connected.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import msgspec

from umbel.results.base import Result
from umbel.services.cluster_services import ClusterServices
from umbel.web.thread_pools import ThreadPools

#: How long one poll takes, seconds.
POLL_S: Final = 1.0


class ResultWaiter(msgspec.Struct, frozen=True):
    """Waits for results on behalf of one request. `is_gone` tells whether its client hung up."""

    thread_pools: ThreadPools
    is_gone: Callable[[], Awaitable[bool]]

    async def result(self, services: ClusterServices, task_id: str, timeout_s: float) -> Result:
        """The result once it is there, or as it is when time is up, the client went away or the
        process ends. Raises `ResultsUnavailable`."""
        left_s = timeout_s
        while True:
            poll_s = min(left_s, POLL_S)
            poll = (
                partial(services.results.wait, task_id, poll_s)
                if poll_s > 0
                else partial(services.results.get, task_id)
            )
            result = await self.thread_pools.waiting.run(poll)
            left_s -= POLL_S
            ended = result.is_ready or result.unreadable is not None
            if ended or left_s <= 0 or services.is_stopping or await self.is_gone():
                return result
