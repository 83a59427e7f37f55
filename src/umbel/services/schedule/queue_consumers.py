"""Whether a queue had consumers at a time, by the samples of queues."""

from __future__ import annotations

from typing import Final

from umbel.clock import Clock
from umbel.errors import StoreError
from umbel.services.samples.sample_lines import sampled_lines
from umbel.store.samples import Samples, column_of

_CONSUMERS: Final = column_of("queue", "consumers")
#: So many questions are asked of the samples at once; what is beyond is not known.
QUESTIONS_MAX: Final = 200


class QueueConsumers:
    """For one gathering: answers are kept, and there are not many."""

    def __init__(self, samples: Samples, clock: Clock) -> None:
        self._samples = samples
        self._clock = clock
        self._answers: dict[tuple[str, int, int], bool | None] = {}

    def unconsumed(self, queue: str, since: float, until: float) -> bool | None:
        """Whether it had none in most of that time (Unix seconds); None where nobody knows."""
        key = (queue, int(since // 60), int(until // 60))
        if key not in self._answers:
            if len(self._answers) >= QUESTIONS_MAX:
                return None
            self._answers[key] = self._unconsumed(queue, since, until)
        return self._answers[key]

    def _unconsumed(self, queue: str, since: float, until: float) -> bool | None:
        now = self._clock.now()
        try:
            found = sampled_lines(
                self._samples, "queue", since=since - 10, until=min(now, max(until, since + 20)),
                now=now, names=[queue], limit=1,
            )  # fmt: skip
        except StoreError:
            return None
        counts = [values[_CONSUMERS] for line in found.items for _, values in line.points]
        told = [count for count in counts if count is not None]
        return sum(count == 0 for count in told) * 2 > len(told) if told else None
