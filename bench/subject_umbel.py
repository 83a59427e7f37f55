"""Umbel as a person starts it: `umbel serve`, web process and collector, on its own data."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bench.brokers import free_port
from bench.client import Answer, Client
from bench.processes import cpu_s, stop
from bench.searches import Search
from bench.subject import Delay, Recorded, await_answer, start
from umbel import __version__
from umbel.query.ast import EVERYTHING
from umbel.store.sqlite import SqliteStore

#: More than any run stores, and longer than counting it takes.
_CAP: Final = 1_000_000_000
_PATIENCE_S: Final = 600.0
#: How long a start may take to settle, seconds, and how much of a core is nothing.
_SETTLED_WITHIN: Final = 300
_IDLE: Final = 0.1


class Umbel:
    """`umbel serve` on a broker. `data` is the directory to serve, a new one under
    `folder` if None; `keep` leaves it at the end; `options` are those of the command line."""

    name = "Umbel"
    version = __version__

    def __init__(
        self,
        broker: str,
        folder: Path,
        *,
        data: Path | None = None,
        keep: bool = False,
        options: Sequence[str] = (),
    ) -> None:
        self.port = free_port()
        self.data = data or folder / f"umbel-{self.port}"
        self._keep = keep
        self._client = Client(self.port)
        self._watcher = Client(self.port)
        log = folder / "umbel.log"
        self.process = start(
            [
                *(sys.executable, "-m", "umbel", "serve", f"--broker={broker}"),
                *(f"--data={self.data}", f"--port={self.port}", "--address=127.0.0.1"),
                *options,
            ],
            log,
            {},
        )
        await_answer(self.process, log, self._connected)

    def _connected(self) -> bool:
        collectors = self._status()["collectors"]
        return any(one["broker"] == "connected" for one in collectors)

    def _status(self, client: Client | None = None) -> Any:
        return (client or self._client).get("/api/v1/status").json()

    def settle(self) -> None:
        """Wait until the collector has looked at files that it had not seen before: what that costs
        is no answer's."""
        for _ in range(_SETTLED_WITHIN):
            before_s = cpu_s(self.process.pid)
            time.sleep(1.0)
            if cpu_s(self.process.pid) - before_s < _IDLE:
                return
        raise TimeoutError(f"Umbel is still busy with its files after {_SETTLED_WITHIN} s.")

    def recorded(self) -> Recorded:
        """What a reader finds in the files; the API would stop counting at a million."""
        store = SqliteStore(self.data, write=False)
        try:
            found = store.count(
                EVERYTHING, now=time.time(), by="state", cap=_CAP, budget_s=_PATIENCE_S
            )
        finally:
            store.close()
        assert found.complete
        states = found.groups
        return Recorded(
            self.events(), found.total, states.get("SUCCESS", 0), states.get("FAILURE", 0)
        )

    def events(self, beginning: str = "task-") -> int:
        kinds = [one["event_kinds"] for one in self._status()["collectors"]]
        return sum(n for of in kinds for kind, n in of.items() if kind.startswith(beginning))

    def delay(self) -> Delay:
        status = self._status(self._watcher)
        told = max((one["lag_s"] for one in status["collectors"]), default=0.0)
        newest = status["store"]["newest"]
        return Delay(told, max(0.0, time.time() - newest) if newest else 0.0)

    def losses(self) -> dict[str, int]:
        """What the collector itself says it shed, could not read, or missed."""
        collectors = self._status()["collectors"]
        fields = ("shed", "malformed", "lost", "reconnections")
        return {field: sum(one[field] for one in collectors) for field in fields}

    def search(self, search: Search, client: Client) -> Answer | None:
        if search.uuid:
            return client.get(f"/api/v1/tasks/{search.uuid}")
        return client.get("/api/v1/tasks", q=search.q, order=search.order, limit=50)

    def stop(self) -> None:
        self._client.close()
        self._watcher.close()
        stop(self.process)
        if not self._keep:
            shutil.rmtree(self.data, ignore_errors=True)
