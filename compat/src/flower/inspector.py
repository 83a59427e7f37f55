"""`Inspector`: what workers answer to Celery's `inspect`, kept by worker."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


class Inspector:
    """`workers` has, by name, the last reply to each of `methods` and its `timestamp`. `timeout` is
    in seconds."""

    methods = (
        "stats", "active_queues", "registered", "scheduled", "active", "reserved", "revoked",
        "conf",
    )  # fmt: skip

    def __init__(
        self, io_loop: Any, capp: Any, timeout: float, max_concurrency: int | None = None
    ) -> None:
        self.io_loop = io_loop
        self.capp = capp
        self.timeout = timeout
        self.workers: defaultdict[str, dict[str, Any]] = defaultdict(dict)
        self._pool = ThreadPoolExecutor(
            max_concurrency or len(self.methods), thread_name_prefix="flower-inspector"
        )

    def inspect(self, workername: str | None = None) -> list[Any]:
        """Ask a worker, or all: a future for each method, with no result, that `asyncio.wait` and
        `await` take within a running loop."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return [self._pool.submit(self._inspect, method, workername) for method in self.methods]
        return [
            loop.run_in_executor(self._pool, self._inspect, method, workername)
            for method in self.methods
        ]

    def _inspect(self, method: str, workername: str | None) -> None:
        inspect = self.capp.control.inspect(
            timeout=self.timeout, destination=[workername] if workername else None
        )
        try:
            answers = getattr(inspect, method)()
        except (OSError, OperationalError) as error:
            log.warning("Inspect method %s failed: %s", method, error)
            return
        if answers is None:
            log.warning("Inspect method %s failed", method)
            return
        for name, response in answers.items():
            if response is not None:
                self._on_update(name, method, response)

    def _on_update(self, workername: str, method: str, response: Any) -> None:
        if isinstance(response, dict) and "error" in response:
            log.warning("Worker %s cannot answer %s: %s", workername, method, response["error"])
            return
        self.workers[workername] |= {method: response, "timestamp": time.time()}
