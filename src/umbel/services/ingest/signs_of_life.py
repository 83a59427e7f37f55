"""Signs of life: what a batch of events says of which workers live.

Theory of operation. Everything that a worker says shows that it lived when it said so. When
that was is told by its arrival here, unless it has waited: on a broker that keeps messages, what
comes after an absence may be hours old, and a worker that died meanwhile must not rise with it.
So what may have waited is dated by its stamp, corrected by how far that worker's clock was found
to be off, and never later than its arrival nor earlier than the broker was last seen to keep
nothing. Clocks are measured by what came promptly: stamp minus arrival.

Of what workers tell of tasks, one event of each for each batch is looked at, and a sign is given
at most every `EVERY_S` seconds, so that a flood costs next to nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Final

import msgspec

from umbel.cluster.attempts import STATE_AFTER
from umbel.cluster.events import WORKER_KINDS, Event
from umbel.cluster.worker import SignOfLife, Worker
from umbel.services.ingest.frame_buffer import Chunk

_kind_and_name: Final = attrgetter("type", "hostname")
#: Signs that only tasks give are this far apart, seconds.
EVERY_S: Final = 2.0
#: What waited no longer than this at the broker came promptly, seconds.
PROMPT_S: Final = 2.0
#: Workers whose clocks are remembered; those unheard of for longest are forgotten.
WORKERS_MAX: Final = 10_000


class SignsOfLife:
    """Told of every chunk by one thread. `workers` are those whose clocks were measured before."""

    def __init__(self, workers: Iterable[Worker] = ()) -> None:
        self._skews: OrderedDict[str, float] = OrderedDict()
        self._given: OrderedDict[str, float] = OrderedDict()
        for worker in workers:
            if worker.skew_s is not None:
                _keep(self._skews, worker.hostname, worker.skew_s)

    def of(self, events: Sequence[Event], chunk: Chunk) -> list[SignOfLife]:
        """The signs in the events of one chunk, one for each worker at most."""
        last: dict[str, Event] = {}
        takes: set[str] = set()
        spoke: set[str] = set()
        # The last of each kind and worker, without a step of Python for each event.
        latest = dict(zip(map(_kind_and_name, events), events, strict=True))
        for (kind, name), event in latest.items():
            if kind in STATE_AFTER or kind in WORKER_KINDS:
                newest = last.get(name)
                if newest is None or event.timestamp > newest.timestamp:
                    last[name] = event
                if kind == "task-received":
                    takes.add(name)
                elif kind in WORKER_KINDS:
                    spoke.add(name)
        waited_s = None if chunk.empty_at is None else chunk.came_at - chunk.empty_at
        is_prompt = chunk.is_prompt or (waited_s is not None and waited_s <= PROMPT_S)
        signs: list[SignOfLife] = []
        for name, event in last.items():
            heard = chunk.received_at
            skew_s = event.timestamp - heard if is_prompt else None
            if not is_prompt:
                heard = self._dated(event, heard, waited_s)
            if name not in spoke and abs(heard - self._given.get(name, 0.0)) < EVERY_S:
                continue
            _keep(self._given, name, heard)
            if skew_s is not None:
                _keep(self._skews, name, skew_s)
            signs.append(
                SignOfLife(
                    hostname=name,
                    heard=heard,
                    takes=name in takes,
                    skew_s=skew_s,
                    noted=chunk.received_at,
                )
            )
        return signs

    def _dated(self, event: Event, arrived: float, waited_s: float | None) -> float:
        """When it was said, by our clock, though it may have waited."""
        sent_at = min(arrived, event.timestamp - self._skews.get(event.hostname, 0.0))
        return sent_at if waited_s is None else max(sent_at, arrived - waited_s)


def joined(signs: dict[str, SignOfLife], more: Iterable[SignOfLife]) -> None:
    """Add more to the signs of a batch: of each worker the latest."""
    for sign in more:
        earlier = signs.get(sign.hostname)
        if earlier is not None and earlier.heard > sign.heard:
            earlier, sign = sign, earlier
        if earlier is not None and earlier.takes and not sign.takes:
            sign = msgspec.structs.replace(sign, takes=True)
        signs[sign.hostname] = sign


def _keep(held: OrderedDict[str, float], name: str, value: float) -> None:
    held[name] = value
    held.move_to_end(name)
    if len(held) > WORKERS_MAX:
        held.popitem(last=False)
