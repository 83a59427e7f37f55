"""Requests that wait until a result is there.

Who waits holds no thread: every second the result is looked for in a thread of the lane, and
between two looks it is asked whether the client is still there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import msgspec

from umbel.results.base import Result
from umbel.services.levers import Levers
from umbel.web.thread_pools import Lanes

#: How long one look takes, seconds.
LOOK_S: Final = 1.0


class Patience(msgspec.Struct, frozen=True):
    """What coroutines wait with: the lanes, and what tells whether the client went away."""

    lanes: Lanes
    is_gone: Callable[[], Awaitable[bool]]

    async def result(self, levers: Levers, task_id: str, timeout_s: float) -> Result:
        """The result once it is there, or as it is when time is up, the client went away or the
        process ends. Raises `ResultsUnavailable`."""
        left_s = timeout_s
        while True:
            look_s = min(left_s, LOOK_S)
            look = (
                partial(levers.results.wait, task_id, look_s)
                if look_s > 0
                else partial(levers.results.get, task_id)
            )
            result = await self.lanes.waiting.run(look)
            left_s -= LOOK_S
            ended = result.is_ready or result.unreadable is not None
            if ended or left_s <= 0 or levers.is_stopping or await self.is_gone():
                return result
