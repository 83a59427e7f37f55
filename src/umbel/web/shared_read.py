"""Singleflight for what several clusters are asked at once: one cluster cannot hold up the others.

Each cluster is asked in a thread of its own, at most one at a time, which whoever asks meanwhile
waits for as well. Nobody waits longer than `WAIT_S`: a disk that hangs keeps one thread, however
often it is asked for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Generic, TypeVar

import anyio
import anyio.to_thread

from umbel.errors import StoreBusy, StoreError

#: How long one cluster is waited for, seconds.
WAIT_S: Final = 3.0

T = TypeVar("T")
log = logging.getLogger("umbel.web")


class SharedRead(Generic[T]):
    """What `call` gives of the cluster `name`. On the event loop."""

    def __init__(self, name: str, call: Callable[[], T], *, wait_s: float = WAIT_S) -> None:
        self._name = name
        self._call = call
        self._wait_s = wait_s
        self._alone = anyio.CapacityLimiter(1)
        self._reading: asyncio.Task[T | StoreError] | None = None

    async def get(self) -> T:
        """Raises `StoreError`, whatever went wrong."""
        found = await self.attempt()
        if isinstance(found, StoreError):
            raise found
        return found

    async def attempt(self) -> T | StoreError:
        """The same, with an error given and not raised."""
        reading = self._reading
        if reading is None or reading.done():
            reading = asyncio.create_task(self._read())
            self._reading = reading
        done, _ = await asyncio.wait({reading}, timeout=self._wait_s)
        if done:
            return reading.result()
        return StoreBusy(
            f"The history of {self._name} could not be read within {self._wait_s:g} s.",
            remedy="Look whether its disk answers, or whether another program keeps it locked.",
        )

    async def _read(self) -> T | StoreError:
        try:
            return await anyio.to_thread.run_sync(self._call, limiter=self._alone)
        except StoreError as error:
            return error
        except Exception as error:
            log.exception("The history of %s could not be read.", self._name)
            return StoreError(
                f"The history of {self._name} could not be read ({type(error).__name__}).",
                remedy="The log of this server says more.",
            )
