"""How many events were lost, by the workers' own count.

Theory of operation. `worker-heartbeat.processed` is how many tasks a worker process has
begun since its start (celery/worker/state.py, `task_accepted`), so between two heartbeats it
grows by the number of `task-started` events that the process sent. What we saw fewer is
missing. A loss must never be invented, so whatever blurs the count errs in that direction:

- Events wait in the worker's buffer when a heartbeat overtakes them. Both bear the stamps of
  one clock, so what comes after a heartbeat and is older belongs before it, and a heartbeat is
  judged at the next one. Of the last few the smallest difference counts, and what comes even
  later takes its loss back, for `SETTLED_S`.
- What comes twice (redelivered messages) makes us see more than was sent: losses that may
  still be corrected are taken back, and the count goes on from there. A heartbeat that is
  older than the last one says nothing.
- Tasks with `send_events=False` are counted by their worker and told by nobody. So what is
  missing counts as lost only after an interruption: a connection that was lost, a collector
  that was away, messages that were shed or could not be read. Without one it is `untold`,
  and of what is missing after one, the usual share of untold tasks is none of the loss.
- A process whose task events are switched off counts and sends none: what seemed lost since
  its last task event is taken back, until it sends another.
- A process that nobody knows, of a worker that is known, and that is first heard by a
  heartbeat after an interruption, began in it: all that it has counted and not told is lost.

- What a collector of another queue heard through is no loss (`other_collectors`).

The counts outlive the collector: the store keeps them together with the events that they
count (`Store.apply`). Where a crash falls between the two, the counts are first, so that an
event may be counted that is not stored (its loss is not seen), never the other way round (a
loss that is none). It is an estimate of task-started alone.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from typing import Final

from umbel.cluster.events import Event
from umbel.cluster.losses import Loss, Losses, ProcessCount
from umbel.services.ingest.process_account import BEATS, Key, ProcessAccount, restored

#: After an interruption, what is missing at this many heartbeats is lost.
DOUBT_BEATS: Final = BEATS + 2
#: A process that counted on at this many heartbeats without a task event sends none.
SILENT_BEATS: Final = 2
#: A loss that is older is not taken back any more, seconds.
SETTLED_S: Final = 600.0
#: How many workers are told of that run tasks and tell of none.
MUTE_MAX: Final = 50
#: Worker processes that are remembered; those unheard of for longest are forgotten.
PROCESSES_MAX: Final = 10_000
#: No process begins more tasks than this; a larger count is a slip, or a lie.
PROCESSED_MAX: Final = 10**12


#: Whether another queue delivered everything between two times (Unix seconds).
HeardByOthers = Callable[[float, float], bool]


class LossEstimate:
    """Fed with all events in order of arrival, and told of what may have cost some. `processes` and
    `lost` are what a store has kept of all that were before; `heard_by_others` says whether
    another queue delivered everything between two times (Unix seconds). One thread."""

    def __init__(
        self,
        processes: Iterable[ProcessCount] = (),
        lost: Iterable[Loss] = (),
        heard_by_others: HeardByOthers = lambda _start, _end: False,
    ) -> None:
        self._heard_by_others = heard_by_others
        self._processes: OrderedDict[Key, ProcessAccount] = OrderedDict()
        self._hosts: Counter[str] = Counter()
        self._interruption = 0
        self._changed: dict[Key, ProcessAccount] = {}
        self._changed_losses: dict[tuple[str, int, float], Loss] = {}
        self.lost = 0
        #: When the first of these losses began, Unix seconds.
        self.lost_since: float | None = None
        for loss in lost:
            self._add(loss.count, loss.start)
        for each in sorted(processes, key=lambda each: each.at):
            self._remember(restored(each))
        if self._processes:
            self.interrupt()

    def interrupt(self) -> None:
        """Events may have been lost before those that come next."""
        self._interruption += 1

    def see(self, events: Iterable[Event]) -> None:
        for event in events:
            kind = event.type
            if kind == "task-started":
                self._started(event)
            elif kind in ("worker-heartbeat", "worker-online"):
                self._beat(event)

    def mute(self) -> dict[str, float]:
        """Workers that count tasks and tell of none, and since when (Unix seconds): the first
        `MUTE_MAX` by name. One with a process that tells is not among them."""
        since: dict[str, float] = {}
        telling: set[str] = set()
        for process in self._processes.values():
            hostname = process.key[0]
            if process.mute_since is not None:
                since[hostname] = max(since.get(hostname, 0.0), process.mute_since)
            elif process.telling:
                telling.add(hostname)
        mute = sorted(since.keys() - telling)[:MUTE_MAX]
        return {hostname: since[hostname] for hostname in mute}

    def changes(self) -> Losses | None:
        """What a store has to keep with the events seen so far; None if it has it all."""
        if not self._changed and not self._changed_losses:
            return None
        return Losses(
            processes=tuple(
                each.count() for each in self._changed.values() if each.processed is not None
            ),
            losses=tuple(self._changed_losses.values()),
        )

    def saved(self) -> None:
        """The store has all changes."""
        self._changed.clear()
        self._changed_losses.clear()

    # -- events ------------------------------------------------------------------------------

    def _started(self, event: Event) -> None:
        key = (event.hostname, event.pid or 0)
        process = self._processes.get(key)
        if process is None:
            if event.pid is None:
                return
            process = self._remember(ProcessAccount(key, event.timestamp))
        process.started += 1
        process.heard = True
        if event.timestamp < process.at and process.processed is not None:
            process.overtake(event.timestamp)
        self._changed[key] = process

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
            process = self._remember(ProcessAccount(key, event.timestamp))
        else:
            self._processes.move_to_end(key)
        process.is_new = False
        if event.timestamp < process.at and process.processed is not None:
            return  # older than the last one: redelivered, or late
        if process.processed is None:
            self._meet(process, processed, event.type == "worker-online")
        elif processed < process.processed:
            if event.timestamp == process.at:
                return
            process.begin_anew(processed)
        self._follow(process, processed, event.timestamp)
        self._changed[key] = process

    def _meet(self, process: ProcessAccount, processed: int, is_beginning: bool) -> None:
        """Its first heartbeat."""
        has_siblings = self._hosts[process.key[0]] > 1
        interrupted = self._interruption > 0 and process.interruption == self._interruption
        unheard = has_siblings and interrupted and not is_beginning
        process.is_new = not unheard
        process.base = 0 if unheard else processed - process.started
        process.doubt = DOUBT_BEATS if unheard else 0
        process.processed = 0 if unheard else processed

    def _follow(self, process: ProcessAccount, processed: int, at: float) -> None:
        after_interruption = process.interruption != self._interruption
        if after_interruption:
            process.interruption = self._interruption
            process.doubt = DOUBT_BEATS
            process.earlier = process.pending
        self._listen(process, processed, at, is_excused=after_interruption)
        process.processed, process.at = processed, max(at, process.at)
        self._settle(process)
        difference = processed - process.base - process.started
        counted = process.unsettled + process.untold
        if process.telling:
            self._compare(process, difference, counted)
        elif process.telling is False:
            self._take_back(process, process.lost - process.sound)
            process.rebase(processed)
        elif not process.doubt:
            process.rebase(processed)
        process.doubt = max(0, process.doubt - 1)

    def _listen(
        self, process: ProcessAccount, processed: int, at: float, *, is_excused: bool
    ) -> None:
        """Whether it tells of its tasks. A count that grew over an interruption, unheard, is
        no sign that it does not."""
        if process.heard:
            process.telling = True
            process.quiet = 0
            process.mute_since = None
            process.sound = process.lost
        elif processed > (process.processed or 0) and not is_excused:
            process.quiet += 1
            if process.quiet >= SILENT_BEATS:
                process.telling = False
                process.mute_since = process.mute_since or at
        process.heard = False

    def _compare(self, process: ProcessAccount, difference: int, counted: int) -> None:
        process.beats.append((process.at, difference))
        if difference < counted:
            self._take_back(process, counted - max(0, difference))
            if difference < 0:
                process.base += difference
                process.forget_beats()
            return
        if len(process.beats) < BEATS:
            return
        # What the newest has overtaken is still to come.
        *judged, _ = process.beats
        last = judged[1 - BEATS :]
        missing = min(each for _, each in last) - counted
        if missing <= 0:
            return
        lost = process.share_lost(missing - process.earlier) if process.doubt else 0
        process.earlier = max(0, process.earlier - missing)
        process.untold += missing - lost
        if not lost:
            return
        start = min(judged[0][0] if len(judged) == BEATS else process.anchor, last[0][0])
        if self._heard_by_others(start, last[0][0]):
            process.base += lost
            process.lower(lost)
        else:
            self._lose(process, start, last[0][0], lost)

    # -- losses ------------------------------------------------------------------------------

    def _lose(self, process: ProcessAccount, start: float, end: float, count: int) -> None:
        hostname, pid = process.key
        before = process.open.pop() if process.open and process.open[-1].end == end else None
        counted = before.count if before is not None else 0
        loss = Loss(hostname=hostname, pid=pid, start=start, end=end, count=counted + count)
        process.open.append(loss)
        process.lost += count
        self._add(count, start)
        self._change(loss)

    def _take_back(self, process: ProcessAccount, count: int) -> None:
        """So many were not lost after all, of those counted last; beyond them, some that were
        thought untold are told now."""
        while count > 0 and process.open:
            loss = process.open.pop()
            taken = min(count, loss.count)
            count -= taken
            process.lost -= taken
            self.lost -= taken
            left = Loss(
                hostname=loss.hostname, pid=loss.pid, start=loss.start, end=loss.end,
                count=loss.count - taken,
            )  # fmt: skip
            if left.count:
                process.open.append(left)
            self._change(left)
        process.untold = max(0, process.untold - max(0, count))

    def _settle(self, process: ProcessAccount) -> None:
        while process.open and process.open[0].end < process.at - SETTLED_S:
            settled = process.open.pop(0).count
            process.base += settled
            process.lower(settled)

    def _add(self, count: int, start: float) -> None:
        self.lost += count
        self.lost_since = min(start, self.lost_since or start)

    def _change(self, loss: Loss) -> None:
        self._changed_losses[loss.hostname, loss.pid, loss.end] = loss

    # -- processes ---------------------------------------------------------------------------

    def _remember(self, process: ProcessAccount) -> ProcessAccount:
        process.interruption = self._interruption
        self._processes[process.key] = process
        self._hosts[process.key[0]] += 1
        if len(self._processes) > PROCESSES_MAX:
            (hostname, _), _ = self._processes.popitem(last=False)
            self._hosts[hostname] -= 1
            if not self._hosts[hostname]:
                del self._hosts[hostname]
        return process
