"""Channels: what changed is decided once for every distinct query, within a share of time.

All streams with the same `Subscription` share a `Channel`, and so each delta of it. A query that
takes long to decide may not keep the others waiting: each person's queries have a share of
`MATCH_S`, and changes that they do not come to are only counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from umbel.clock import Clock
from umbel.query.ast import Node
from umbel.query.match import compile_query
from umbel.services.live.deltas import ChangedTask, Delta, PendingChanges
from umbel.services.live.streams import Stream

SEND_S = 0.5
#: How long all queries together may take to decide what changed since the last poll, seconds.
#: What they cannot decide by then is only counted.
MATCH_S = 0.3


class Subscription(NamedTuple):
    """What a reader follows: a query, and whether the ids of changed tasks that do not match are
    sent as well. A list of rows needs those, to remove a row that matches no longer. A reader that
    only waits for matches does not: it would get every change of the cluster."""

    query: Node
    with_unmatched: bool = True


class Channel:
    """One distinct subscription: what is pending for it, and the streams that it goes to."""

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription
        self.sent_at = float("-inf")
        self.pending = PendingChanges(with_unmatched=subscription.with_unmatched)
        self.has_intents = False
        self.streams: set[Stream] = set()

    def reset(self, seq: int) -> None:
        """Nothing is pending, and readers begin anew at `seq`."""
        self.pending = PendingChanges(with_unmatched=self.subscription.with_unmatched)
        for stream in self.streams:
            stream.reset(seq, "More changed at once than is remembered one by one.")


class DueDelta(NamedTuple):
    """A delta that is due for the streams of a channel; `has_intents`: some of its tasks have a
    new intent, and may have no new event."""

    channel: Channel
    delta: Delta
    has_intents: bool


def weights_of(channels: Sequence[Channel], reader_of: Mapping[Stream, str]) -> list[float]:
    """The part of the time that each channel has, of a whole that is their sum: people have the
    same, and each of one person's channels the same of that."""
    readers = [
        {reader_of[each] for each in channel.streams if each in reader_of} for channel in channels
    ]
    counts = Counter(who for each in readers for who in each)
    return [sum(1 / counts[who] for who in each) or 1.0 for each in readers]


def decide(
    channels: Sequence[Channel],
    weights: Sequence[float],
    changed: Sequence[ChangedTask],
    now: float,
    clock: Clock,
) -> None:
    """Gather for each channel what these changes are to its query at `now` (Unix seconds), within
    its part of `MATCH_S`. Time that one does not need goes to those after it."""
    end = clock.monotonic() + MATCH_S
    weighing = sum(weights)
    for channel, weight in zip(channels, weights, strict=True):
        share_s = (end - clock.monotonic()) * weight / weighing
        weighing -= weight
        gather(channel.pending, channel.subscription.query, changed, now, share_s, clock)


def gather(
    pending: PendingChanges,
    query: Node,
    changed: Sequence[ChangedTask],
    now: float,
    most_s: float,
    clock: Clock,
) -> None:
    """What these changes are to the query, decided within `most_s`, or counted."""
    if not changed:
        return
    matches = compile_query(query, now)
    end = clock.monotonic() + most_s
    for number, each in enumerate(changed):
        pending.add(each, matches)
        if clock.monotonic() > end:
            pending.skip(len(changed) - number - 1)
            return


def due(channels: Iterable[Channel], seq: int, at: float) -> Iterator[DueDelta]:
    """The deltas to send now: for each channel one every `SEND_S` at most."""
    for channel in channels:
        if at - channel.sent_at >= SEND_S:
            delta = channel.pending.take(seq)
            if delta is not None:
                _ = delta.body  # made here, in the thread, and not once for each stream
                channel.sent_at = at
                yield DueDelta(channel, delta, channel.has_intents)
                channel.has_intents = False
