"""Flower in an environment of its own, as its documentation starts it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from bench.brokers import free_port
from bench.client import Answer, Client
from bench.flower_env import VERSION, install
from bench.processes import stop
from bench.searches import Search
from bench.subject import Recorded, await_answer, start

_EVENTS: Final = re.compile(
    rb'^flower_events_total\{[^\n]*type="(task-[^"]+)"[^\n]*\} (\S+)$', re.M
)


class Flower:
    """Flower on a broker, without persistence (its default)."""

    name = "Flower"
    version = VERSION

    def __init__(self, broker: str, folder: Path, *, max_tasks: int = 100_000) -> None:
        self.port = free_port()
        self._client = Client(self.port)
        log = folder / "flower.log"
        self.process = start(
            [
                *(str(install()), f"--broker={broker}", "flower"),
                *(f"--port={self.port}", "--address=127.0.0.1", f"--max_tasks={max_tasks}"),
            ],
            log,
            {"FLOWER_UNAUTHENTICATED_API": "true"},
        )
        await_answer(self.process, log, lambda: self._get("/healthcheck").status == 200)

    def _get(self, path: str) -> Answer:
        return self._client.get(path)

    def recorded(self) -> Recorded:
        counts = self._counts()
        return Recorded(
            events=sum(counts.values()),
            tasks=None,
            succeeded=counts.get("task-succeeded", 0),
            failed=counts.get("task-failed", 0),
        )

    def events(self) -> int:
        return sum(self._counts().values())

    def _counts(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for kind, value in _EVENTS.findall(self._get("/metrics").body):
            counts[kind.decode()] = counts.get(kind.decode(), 0) + int(float(value))
        return counts

    def delay(self) -> None:
        return None

    def search(self, search: Search, client: Client) -> Answer | None:
        if search.flower is None:
            return None
        if search.uuid:
            return client.get(f"/api/task/info/{search.uuid}")
        return client.get("/api/tasks", limit=50, **search.flower)

    def stop(self) -> None:
        self._client.close()
        stop(self.process)
