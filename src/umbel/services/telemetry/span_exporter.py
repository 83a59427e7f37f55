"""A span for each attempt that ends, sent by a collector.

Theory of operation. The writing thread only notes which tasks have ended, in a queue that is
bounded: what does not fit is dropped and counted. A thread of its own reads these tasks from the
store, where everything that was hidden is hidden already, and sends their attempts. A receiver that
is away is tried again with growing waits, while the queue fills; one that refuses loses that batch.
Neither ever holds up what is recorded.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

from umbel.broker.backoff import Backoff
from umbel.cluster.attempts import Attempt
from umbel.cluster.events import Event
from umbel.cluster.task import Task
from umbel.errors import StoreError
from umbel.services.telemetry.options import OtlpOptions
from umbel.services.telemetry.otlp import traces
from umbel.services.telemetry.otlp_sender import NotSent, OtlpSender, PartlyRefused
from umbel.store.base import Store

log = logging.getLogger(__name__)

#: How many ended attempts wait at most, and how many are sent at once.
WAITING_MAX: Final = 20_000
BATCH: Final = 500
#: How long an attempt waits for others to be sent with, and the longest wait of a receiver that is
#: away, seconds.
EVERY_S: Final = 1.0
AWAY_MAX_S: Final = 30.0
#: How long leaving may take, seconds.
LEAVE_S: Final = 3.0
_ENDS: Final = frozenset({
    "task-succeeded", "task-failed", "task-retried", "task-revoked", "task-rejected",
})  # fmt: skip


class SpanExporter:
    """`offer` is for one thread and never blocks; `start` begins the thread that sends."""

    def __init__(self, store: Store, sender: OtlpSender, service: str) -> None:
        self._store = store
        self._sender = sender
        self._service = service
        self._waiting: deque[tuple[str, float]] = deque()
        self._sent = self._dropped = self._left = self._refused = 0
        self._trouble: str | None = None
        self._stopping = threading.Event()
        self._backoff = Backoff(longest_s=AWAY_MAX_S)
        self._thread = threading.Thread(target=self._run, name="umbel-spans", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def offer(self, events: Sequence[Event]) -> None:
        """These were stored, and are new."""
        for event in events:
            if event.type in _ENDS:
                if len(self._waiting) < WAITING_MAX:
                    self._waiting.append((event.uuid, event.timestamp))
                else:
                    self._dropped += 1

    def totals(self) -> dict[str, int]:
        """How many spans were sent, dropped because too many waited, and refused. Any thread."""
        return {
            "spans.sent": self._sent,
            "spans.dropped": self._dropped + self._left,
            "spans.refused": self._refused,
        }

    def close(self) -> None:
        """Send what waits, if that goes quickly, and end."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(LEAVE_S)

    def _run(self) -> None:
        batch: list[tuple[str, float]] = []
        pause_s = EVERY_S
        while not self._stopping.wait(pause_s):
            pause_s = EVERY_S
            while batch or self._waiting:
                batch = batch or self._take()
                if not self._send(batch):
                    pause_s = self._backoff.delay_s()
                    break
                batch = []
        while batch or self._waiting:
            batch = batch or self._take()
            if not self._send(batch):
                self._left += len(batch) + len(self._waiting)
                return
            batch = []

    def _take(self) -> list[tuple[str, float]]:
        return [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]

    def _send(self, ends: Sequence[tuple[str, float]]) -> bool:
        """Whether these are done with, for better or worse."""
        found: list[tuple[Task, Attempt]] = []
        try:
            found = list(self._attempts(ends))
            partly = self._sent_of(found) if found else None
        except NotSent as error:
            self._note(str(error))
            if error.is_final:
                self._refused += len(found)
            return error.is_final
        except StoreError as error:
            self._note(str(error))
            return False
        refused = 0 if partly is None else min(partly.rejected, len(found))
        self._note(None if partly is None else partly.sentence)
        self._backoff.reset()
        self._refused += refused
        self._sent += len(found) - refused
        return True

    def _sent_of(self, found: Sequence[tuple[Task, Attempt]]) -> PartlyRefused | None:
        """Raises `NotSent`, `StoreError`."""
        senders = self._store.tasks(
            list(dict.fromkeys(task.parent_id for task, _ in found if task.parent_id))
        )
        return self._sender.send("traces", traces(found, self._service, senders))

    def _attempts(self, ends: Sequence[tuple[str, float]]) -> Iterator[tuple[Task, Attempt]]:
        """Those that ended then. Raises `StoreError`."""
        tasks = self._store.tasks(list(dict.fromkeys(uuid for uuid, _ in ends)))
        for uuid, at in ends:
            task = tasks.get(uuid)
            for attempt in task.attempts if task is not None else ():
                if attempt.ended == at and task is not None:
                    yield task, attempt
                    break

    def _note(self, trouble: str | None) -> None:
        """Say what is wrong once, and that it is well again."""
        if trouble is not None and trouble != self._trouble:
            log.warning("Spans are not sent: %s", trouble)
        elif trouble is None and self._trouble is not None:
            log.info("Spans are sent again.")
        self._trouble = trouble


def opened_exporter(store: Store, options: OtlpOptions) -> SpanExporter:
    """An exporter that sends, until it is closed."""
    sender = OtlpSender(options.endpoint, options.headers)
    exporter = SpanExporter(store, sender, options.service)
    exporter.start()
    return exporter
