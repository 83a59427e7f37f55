"""Why a time was missed or a run is late, as far as the history, the samples of queues and gaps
tell: `Beat sent it, and reports had no consumer.`, `Beat sent nothing from 03:12 to 05:40.`"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo

import msgspec

from umbel.beat.base import Entry
from umbel.services.phrases import span
from umbel.services.schedule.runs import EntryRun

#: Whether a queue had no consumer from a time to a time; None where nobody looked.
Unconsumed = Callable[[str, float, float], bool | None]


def _nobody_looked(queue: str, since: float, until: float) -> bool | None:  # noqa: ARG001
    return None


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What was around an entry from `since` to `now` (Unix seconds). `gaps` are spans in which
    events may have passed unseen; `heard` when any entry of the same scheduler was sent, sorted;
    `tells_sent`: senders tell of what they send. `paused` is for each paused queue who paused it,
    in words behind *is*. `zone` is that of times in sentences. The entry is as it is from `changed`
    on: of times before only the runs that there were are told."""

    since: float
    now: float
    changed: float | None = None
    gaps: tuple[tuple[float, float], ...] = ()
    heard: Sequence[float] = ()
    tells_sent: bool = True
    unconsumed: Unconsumed = _nobody_looked
    paused: Mapping[str, str] = {}
    zone: tzinfo = UTC

    def why_unknown(self, due: float, allowed_s: float) -> str:
        """Why nobody would have seen a run of that time; empty if somebody would."""
        for start, end in self.gaps:
            if start - allowed_s <= due <= end + 1.0:
                return f"Umbel saw no events from {self.clock(start)} to {self.clock(end)}."
        return ""

    def clock(self, at: float) -> str:
        """`03:12`, with the day where it is another."""
        moment = datetime.fromtimestamp(at, self.zone)
        today = datetime.fromtimestamp(self.now, self.zone)
        zone = "" if self.zone is UTC else f" {moment:%Z}"
        is_today = moment.date() == today.date()
        return f"{moment:%H:%M}{zone}" if is_today else f"{moment:%d %b %H:%M}{zone}"


def why_missed(entry: Entry, due: float, around: Surroundings, allowed_s: float) -> str:
    """Of a time for which no task came."""
    first = bisect_left(around.heard, due - allowed_s)
    last = bisect_right(around.heard, due + allowed_s)
    if not around.tells_sent:
        queue = entry.queue
        if queue and around.unconsumed(queue, due - allowed_s, due + allowed_s):
            return (
                f"{queue} had no consumer; whether beat sent it is not known: sent events are off."
            )
        return "No worker received it; whether beat sent it is not known: sent events are off."
    if last > first:
        return "Beat sent other entries at that time, and not this one."
    before = around.heard[first - 1] if first else None
    after = around.heard[last] if last < len(around.heard) else None
    return _silence(before, after, around)


def _silence(before: float | None, after: float | None, around: Surroundings) -> str:
    if before is None and after is None:
        return "Nothing that beat sent was ever seen."
    if before is None and after is not None:
        return f"Beat sent nothing until {around.clock(after)}."
    if after is None and before is not None:
        return f"Beat silent since {around.clock(before)}."
    return f"Beat sent nothing from {around.clock(before or 0)} to {around.clock(after or 0)}."


def why_waiting(entry: Entry, run: EntryRun, around: Surroundings, *, expired: bool = False) -> str:
    """Of a task that was sent and did not begin."""
    queue = run.queue or entry.queue
    where = f"in {queue}" if queue else "in its queue"
    if expired:
        end = run.finished or around.now
        begin = f"Beat sent it, and it expired or was revoked {where} before it ran"
    else:
        end = around.now
        ago = span(around.now - run.at)
        if run.taken_by is not None:
            return (
                f"Beat sent it {ago} ago, and {run.taken_by} has taken it and not begun it: "
                "see what this worker runs."
            )
        begin = f"Beat sent it {ago} ago, and it waits {where}"
    if queue and queue in around.paused and not expired:
        return f"{begin}: {queue} is {around.paused[queue]}."
    if queue and around.unconsumed(queue, run.at, end):
        return f"{begin}: {queue} has no consumer." if not expired else f"{begin}: no consumer."
    return f"{begin}."


def why_late(
    entry: Entry, due: float, run: EntryRun, around: Surroundings, allowed_s: float
) -> str:
    """Of a task that was sent or begun late."""
    if not run.is_sent:
        return "It was received late; when beat sent it is not known: sent events are off."
    if run.at - due > allowed_s:
        index = bisect_left(around.heard, run.at - 0.001)
        before = around.heard[index - 1] if index else None
        late = f"Beat sent it {span(run.at - due)} late"
        if before is None or before >= due - allowed_s:
            return f"{late}."
        return f"{late}: it sent nothing from {around.clock(before)} to {around.clock(run.at)}."
    queue = run.queue or entry.queue
    waited_s = (run.started or run.at) - run.at
    late = f"Beat sent it in time, and it waited {span(waited_s)} in {queue or 'its queue'}"
    if queue and around.unconsumed(queue, run.at, run.started or around.now):
        return f"{late}, which had no consumer."
    return f"{late}."
