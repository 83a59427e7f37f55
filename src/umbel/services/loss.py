"""How many events were lost, by the workers' own count.

Theory of operation. `worker-heartbeat.processed` is how many tasks a worker process has
begun since its start (celery/worker/state.py, `task_accepted`), so between two heartbeats it
grows by the number of `task-started` events that the process sent. What we saw fewer is
lost. Three things blur this, each in a known direction:

- events wait in the worker's buffer when a heartbeat overtakes them: a difference that is
  gone by one of the next heartbeats is no loss, so the smallest of the last few counts;
- duplicates (redelivered messages) make us see more than was sent: the count begins again
  at what we saw, lest they hide later losses;
- a process whose task events are switched off counts and sends none: what seemed lost since
  its last task event is taken back, until it sends another.

It is an estimate of task-started alone; tasks declared with `send_events=False` blur it too.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from typing import Final

from umbel.cluster.events import Event

#: A difference counts when it was there at this many heartbeats in a row.
BEATS: Final = 3
#: A process that counted on at this many heartbeats without a task event sends none.
SILENT_BEATS: Final = 2
#: How many workers are told of that run tasks and tell of none.
MUTE_MAX: Final = 50
#: Worker processes that are remembered; those unheard of for longest are forgotten.
PROCESSES_MAX: Final = 10_000
#: No process begins more tasks than this; a larger count is a slip, or a lie.
PROCESSED_MAX: Final = 10**12


class _Process:
    """`base` + `started` + lost = processed. `sound` is what was lost when task events were
    last seen; `silent` means that none are to be expected."""

    __slots__ = (
        "base",
        "differences",
        "heard",
        "last",
        "lost",
        "mute_since",
        "quiet",
        "silent",
        "sound",
        "started",
    )

    def __init__(self, processed: int) -> None:
        self.base = self.last = processed
        self.started = self.lost = self.sound = self.quiet = 0
        self.heard = False
        self.silent = True
        #: When it was found to count tasks and to tell of none, Unix seconds.
        self.mute_since: float | None = None
        self.differences: deque[int] = deque(maxlen=BEATS)

    def begin_again(self, processed: int) -> None:
        self.base = processed - self.lost
        self.started = 0
        self.differences.clear()


class LossEstimate:
    """Fed with all events in order of arrival; `lost` is the estimate so far."""

    def __init__(self) -> None:
        self._processes: OrderedDict[tuple[str, int], _Process] = OrderedDict()
        self.lost = 0

    def see(self, events: Iterable[Event]) -> None:
        for event in events:
            kind = event.type
            if kind == "task-started":
                self._started(event)
            elif kind in ("worker-heartbeat", "worker-online"):
                self._beat(event)

    def _started(self, event: Event) -> None:
        process = self._processes.get((event.hostname, event.pid or 0))
        if process is not None:
            process.started += 1
            process.heard = True

    def _beat(self, event: Event) -> None:
        processed = event.processed
        if processed is None or event.pid is None:
            # The answer to a remote `heartbeat` command carries no count.
            return
        if not 0 <= processed <= PROCESSED_MAX:
            return
        key = (event.hostname, event.pid)
        process = self._processes.get(key)
        if process is None:
            self._processes[key] = _Process(processed)
            if len(self._processes) > PROCESSES_MAX:
                self._processes.popitem(last=False)
            return
        self._processes.move_to_end(key)
        self._listen(process, processed, event.timestamp)
        if process.silent:
            self._count(process, process.sound)
            process.begin_again(processed)
        else:
            self._compare(process, processed)

    def _listen(self, process: _Process, processed: int, at: float) -> None:
        if process.heard:
            process.silent = False
            process.quiet = 0
            process.mute_since = None
            process.sound = process.lost
        elif processed > process.last:
            process.quiet += 1
            if process.quiet >= SILENT_BEATS:
                process.silent = True
                process.mute_since = process.mute_since or at
        process.heard = False
        process.last = processed

    def _compare(self, process: _Process, processed: int) -> None:
        difference = processed - process.base - process.started
        if difference < 0:
            process.begin_again(processed)
            return
        process.differences.append(difference)
        if len(process.differences) == BEATS:
            self._count(process, min(process.differences))
        elif difference < process.lost:
            self._count(process, difference)

    def mute(self) -> dict[str, float]:
        """Workers that count tasks and tell of none, and since when (Unix seconds): the first
        `MUTE_MAX` by name. One with a process that tells is not among them."""
        since: dict[str, float] = {}
        telling: set[str] = set()
        for (hostname, _), process in self._processes.items():
            if process.mute_since is not None:
                since[hostname] = max(since.get(hostname, 0.0), process.mute_since)
            elif not process.silent:
                telling.add(hostname)
        mute = sorted(since.keys() - telling)[:MUTE_MAX]
        return {hostname: since[hostname] for hostname in mute}

    def _count(self, process: _Process, lost: int) -> None:
        self.lost += lost - process.lost
        process.lost = lost
