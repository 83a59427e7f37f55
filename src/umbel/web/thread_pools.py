"""Thread pools for handlers that block, with fair queueing between people.

Theory of operation. Calls that wait for workers or the broker must not hold up calls that read
the history, nor long searches quick look-ups, so each kind of route has a pool of its own
(`ThreadPools`). In a pool nobody gets all threads: one person's calls take `each` of them at
most, and waiting calls are started person by person in turn (round robin), so that whoever asks
little waits little. The queue is bounded too, for one person and for all together; a call beyond
that is refused at once, which is better than an answer a minute late.

Of several clusters none gets all threads either (`by_cluster`): one whose disk or broker does not
answer leaves a quarter of them to the others, and its readers some of theirs.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Literal, NamedTuple, TypeVar

import anyio
import anyio.to_thread

from umbel.services.fair_shares import asker, release, target_cluster
from umbel.web.http.problems import too_busy

#: How many handlers run at once that find something at once in the history; more wait.
HISTORY_THREADS: Final = 8
#: How many that search it, for a second or two at most; more wait.
SEARCH_THREADS: Final = 4
#: How many that ask workers and brokers, each for two seconds at most; more wait.
CLUSTER_THREADS: Final = 12
#: How many that look for results, a second each; more wait.
RESULT_THREADS: Final = 32
#: How many requests may wait for a result at once, together and of one person.
WAITERS_MAX, WAITERS_EACH = 250, 64
#: How many of Flower's lists of more than 256 kB may be on their way at once, together and of one
#: person: each holds a part of about a megabyte.
LISTS_MAX, LISTS_EACH = 40, 12
#: Exports that are on their way at once: each reads page after page, for minutes.
EXPORTS_MAX, EXPORTS_EACH = 6, 2
#: How many calls may wait for a thread, of one person and of all: as many as there
#: are request slots (`request_slots`), since a script that asks a hundred things at once is no
#: flood.
WAITING_EACH, WAITING_MAX = 120, 500

T = TypeVar("T")
#: The pools that routes name; each is an attribute of `ThreadPools`.
PoolName = Literal["history", "search", "cluster", "waiting"]


class _Call(NamedTuple):
    """By whom something is asked, and of which of several clusters."""

    who: str
    cluster: str


def staying(call: Callable[[], T]) -> Callable[[], T]:
    """The same call, in which `SystemExit` is an error like others: code of an application that
    calls `sys.exit` would end the event loop, and this server with it."""

    def stay() -> T:
        try:
            return call()
        except SystemExit as error:
            raise RuntimeError("Code of the application called sys.exit.") from error

    return stay


class ThreadPool:
    """`threads` of them, `each` for one person; `waiting_each` calls of one person may wait for
    a thread, and `waiting_max` of all. `by_cluster`: no cluster gets all threads. On the event
    loop."""

    def __init__(
        self,
        threads: int = HISTORY_THREADS,
        *,
        each: int | None = None,
        waiting_each: int = WAITING_EACH,
        waiting_max: int = WAITING_MAX,
        by_cluster: bool = False,
        busy: str = "Too many of your requests wait already.",
    ) -> None:
        self._limiter = anyio.CapacityLimiter(threads)
        self._threads = threads
        self._free = threads
        self._each = threads if each is None else each
        self._waiting_each = waiting_each
        self._waiting_max = waiting_max
        self._by_cluster = by_cluster
        self._busy = busy
        self._running: Counter[_Call] = Counter()
        self._waiting: OrderedDict[_Call, deque[asyncio.Future[None]]] = OrderedDict()
        self._last = _Call("", "")

    async def run(
        self, call: Callable[[], T], who: str | None = None, *, continues: bool = False
    ) -> T:
        """What `call` gives, from a thread. Raises `Refusal` if too many wait, unless it
        `continues` an answer that has begun, which would only break off."""
        key = _Call(asker() if who is None else who, target_cluster() if self._by_cluster else "")
        await self._enter(key, continues)
        try:
            return await anyio.to_thread.run_sync(staying(call), limiter=self._limiter)
        finally:
            self._leave(key)

    async def _enter(self, key: _Call, continues: bool) -> None:
        if self._may_run(key):
            self._take(key)
            return
        mine = sum(len(turns) for each, turns in self._waiting.items() if each.who == key.who)
        is_full = mine >= self._waiting_each or self._all_waiting() >= self._waiting_max
        if is_full and not continues:
            raise too_busy(self._busy)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave(key)
            else:
                self._remove(key, turn)
            raise

    def _may_run(self, key: _Call) -> bool:
        if not self._free:
            return False
        of_person = sum(count for each, count in self._running.items() if each.who == key.who)
        if not key.cluster:
            return of_person < self._each
        of_cluster = sum(
            count for each, count in self._running.items() if each.cluster == key.cluster
        )
        return (
            self._running[key] < max(1, min(self._each, self._threads - 2))
            and of_person < max(1, self._threads - 1)
            and of_cluster < max(1, self._threads * 3 // 4)
        )

    def _take(self, key: _Call) -> None:
        self._free -= 1
        self._running[key] += 1
        self._last = key

    def _leave(self, key: _Call) -> None:
        self._free += 1
        release(self._running, key)
        self._call_next()

    def _call_next(self) -> None:
        """Give threads to those who wait; who had one last comes after the others."""
        while self._free:
            if self._last in self._waiting:
                self._waiting.move_to_end(self._last)
            key = next((each for each in self._waiting if self._may_run(each)), None)
            if key is None:
                return
            turn = self._waiting[key][0]
            self._remove(key, turn)
            if not turn.done():
                self._take(key)
                turn.set_result(None)

    def _remove(self, key: _Call, turn: asyncio.Future[None]) -> None:
        waiting = self._waiting.get(key)
        if waiting is not None and turn in waiting:
            waiting.remove(turn)
            if not waiting:
                del self._waiting[key]

    def _all_waiting(self) -> int:
        return sum(map(len, self._waiting.values()))


class Share:
    """A number of things at once, `most` together and `each` of one person's. On the event loop."""

    def __init__(self, most: int, each: int, busy: str) -> None:
        self._most = most
        self._each = each
        self._busy = busy
        self._held: Counter[str] = Counter()

    @contextmanager
    def one(self) -> Iterator[None]:
        """One of them, while the block runs. Raises `Refusal` if there are too many."""
        who = asker()
        if self._held[who] >= self._each or self._held.total() >= self._most:
            raise too_busy(self._busy)
        self._held[who] += 1
        try:
            yield
        finally:
            release(self._held, who)


class ThreadPools:
    """The thread pools, by the name that routes give them."""

    def __init__(self) -> None:
        self.history = ThreadPool(HISTORY_THREADS, each=6, by_cluster=True)
        self.search = ThreadPool(SEARCH_THREADS, each=3, by_cluster=True)
        self.cluster = ThreadPool(CLUSTER_THREADS, each=6, by_cluster=True)
        self.waiting = ThreadPool(RESULT_THREADS, each=RESULT_THREADS // 2, by_cluster=True)
        self.waiters = Share(
            WAITERS_MAX, WAITERS_EACH, "Too many requests wait for results already."
        )
        self.lists = Share(LISTS_MAX, LISTS_EACH, "Too many lists of tasks wait to be read.")
        self.exports = Share(
            EXPORTS_MAX,
            EXPORTS_EACH,
            f"{EXPORTS_MAX} exports at once, and {EXPORTS_EACH} of one person, are the most.",
        )

    def named(self, name: PoolName) -> ThreadPool:
        """The thread pool of this name."""
        thread_pool: ThreadPool = getattr(self, name)
        return thread_pool
