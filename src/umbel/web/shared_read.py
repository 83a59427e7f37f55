"""Singleflight for what several clusters are asked at once: one cluster cannot hold up the others.

Each cluster is asked in a thread of its own, at most one at a time, which whoever asks meanwhile
waits for as well. Nobody waits longer than `WAIT_S`, and nobody at all once somebody did in vain: a
disk that hangs keeps one thread and one page, however often it is asked for.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

import anyio
import anyio.to_thread

from umbel.errors import StoreBusy, StoreError, UmbelError
from umbel.web.thread_pools import staying

#: How long one cluster is waited for, seconds.
WAIT_S: Final = 3.0
#: So many threads read one cluster at a time for those who search all.
READS_MAX: Final = 2

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
        #: When nobody waits any more for what is being read, on the loop's clock.
        self._until = 0.0

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
            reading = asyncio.create_task(_read(self._name, self._call, self._alone))
            self._reading = reading
            self._until = asyncio.get_running_loop().time() + self._wait_s
        left_s = max(0.0, self._until - asyncio.get_running_loop().time())
        done, _ = await asyncio.wait({reading}, timeout=left_s)
        return reading.result() if done else _too_slow(self._name, self._wait_s)


class ClusterReads:
    """What is asked of the cluster `name` by many, each something else: at most `READS_MAX` at a
    time; while that many take too long, all others are told so at once. On the event loop."""

    def __init__(self, name: str, *, wait_s: float = WAIT_S) -> None:
        self._name = name
        self._wait_s = wait_s
        self._limiter = anyio.CapacityLimiter(READS_MAX)
        self._overdue: set[asyncio.Task[Any]] = set()

    async def attempt(self, call: Callable[[], T]) -> T | StoreError:
        """What `call` gives, from a thread. Raises what it raises but for errors of the store,
        which are given. One that waits for its thread too long is not begun."""
        if len(self._overdue) >= READS_MAX:
            return _too_slow(self._name, self._wait_s)
        begun = threading.Event()

        def begin() -> T:
            begun.set()
            return call()

        reading = asyncio.create_task(_read(self._name, begin, self._limiter))
        done, _ = await asyncio.wait({reading}, timeout=self._wait_s)
        if done:
            return reading.result()
        if begun.is_set():
            # Cancelled, it would give back a thread that hangs on.
            self._overdue.add(reading)
            reading.add_done_callback(self._let_go)
        else:
            reading.cancel()
        return _too_slow(self._name, self._wait_s)

    def _let_go(self, reading: asyncio.Task[Any]) -> None:
        self._overdue.discard(reading)
        if not reading.cancelled():
            reading.exception()  # nobody waits for it any more


async def _read(name: str, call: Callable[[], T], limiter: anyio.CapacityLimiter) -> T | StoreError:
    try:
        return await anyio.to_thread.run_sync(staying(call), limiter=limiter)
    except StoreError as error:
        return error
    except UmbelError:
        raise
    except Exception as error:
        log.exception("The history of %s could not be read.", name)
        return StoreError(
            f"The history of {name} could not be read ({type(error).__name__}).",
            remedy="The log of this server says more.",
        )


def _too_slow(name: str, wait_s: float) -> StoreBusy:
    return StoreBusy(
        f"The history of {name} could not be read within {wait_s:g} s.",
        remedy="Look whether its disk answers, or whether another program keeps it locked.",
    )
