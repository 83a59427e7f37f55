"""`LocalCollector`: events of a cluster, stored by a thread of the caller's own process."""

from __future__ import annotations

import threading
import time
from typing import Final

from umbel.broker.base import EventSource
from umbel.errors import BrokerRefused, BrokerUnreachable
from umbel.redact.rules import Redactor
from umbel.services.ingest.ingest import Ingest, Limits
from umbel.store.base import Retention, Store

#: How long an event waits before it is committed, seconds: programs ask what just happened.
COMMIT_EVERY_S: Final = 0.05
_POLL_S: Final = 0.02
#: How long leaving may take, seconds.
_LEAVE_S: Final = 5.0


class LocalCollector:
    """Begins at once. Thread-safe."""

    def __init__(
        self,
        source: EventSource,
        store: Store,
        retention: Retention,
        url: str,
        redactor: Redactor,
    ) -> None:
        self._source = source
        self._stop = threading.Event()
        limits = Limits(commit_every_s=COMMIT_EVERY_S)
        ingest = Ingest(
            source, store, broker_url=url, retention=retention, limits=limits, redactor=redactor
        )
        self._thread = threading.Thread(
            target=ingest.run, args=(self._stop,), name="umbel-events", daemon=True
        )
        self._thread.start()

    def wait_connected(self, timeout_s: float) -> None:
        """Return once events come in. Raises `BrokerRefused`, `BrokerUnreachable`."""
        deadline = time.monotonic() + timeout_s
        while (health := self._source.health()).state != "connected":
            is_over = time.monotonic() >= deadline
            if health.state == "refused" or (is_over and health.trouble):
                kind = BrokerRefused if health.state == "refused" else BrokerUnreachable
                raise kind(health.trouble or "The broker refuses.")
            if is_over:
                raise BrokerUnreachable(f"The broker did not answer within {timeout_s:g} s.")
            time.sleep(_POLL_S)

    def stop(self) -> None:
        """Store what was read and leave the broker. May be called twice."""
        self._stop.set()
        self._thread.join(_LEAVE_S)
