"""A real server with logins over a store of its own, for what only many connections show.

`python -m tests.security.serving DIRECTORY` writes one line of JSON to standard output, the `url`
and a token of each role, and serves until it is told to stop. The store has 120 tasks with the
largest texts, and asking workers takes the second that it takes when none answers.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.api.doors import ROLES, USERS, door
from tests.api.world import collector
from tests.contract.stories import succeeded
from tests.support.memory_cluster import MemoryCluster, MemoryResults
from umbel.auth.tokens import make_token
from umbel.broker.base import Reply
from umbel.clock import SystemClock
from umbel.services.cluster_services import make_services
from umbel.store.base import Store
from umbel.store.memory_ledger import MemoryLedger
from umbel.store.sqlite import SqliteStore
from umbel.web.app import WebOptions, create_app
from umbel.web.serving.server import serve

TASKS = 120
TEXT_BYTES = 64 * 1024


class SilentCluster(MemoryCluster):
    """Workers that do not answer within the time that they have."""

    def ask(
        self,
        command: str,
        arguments: Mapping[str, object] | None = None,
        *,
        workers: Sequence[str] | None = None,
        limit: int | None = None,
        timeout_s: float = 1.0,
        awaited: Sequence[str] = (),
    ) -> tuple[Reply, ...]:
        time.sleep(timeout_s)
        return super().ask(
            command,
            arguments,
            workers=workers,
            limit=limit,
            timeout_s=timeout_s,
            awaited=awaited,
        )


def main() -> None:
    store = SqliteStore(Path(sys.argv[1]), write=True)
    ledger, clock = MemoryLedger(), SystemClock()
    now = time.time()
    text = "x" * (TEXT_BYTES - 2)
    for number in range(TASKS):
        store.apply(succeeded(f"task-{number}", now, args=text, kwargs=text, result=text))
    threading.Thread(target=_keep_reporting, args=(store,), daemon=True).start()
    services = make_services(store, ledger, SilentCluster(), MemoryResults(), clock)
    access = door(USERS, ledger, services.login_audit, clock)
    app = create_app({"default": services}, options=WebOptions(), access=access)
    tokens = {role: make_token(ledger, role, role, now=now, expires_s=None) for role in ROLES}

    def tell(url: str) -> None:
        sys.stdout.write(json.dumps({"url": url, **tokens}) + "\n")
        sys.stdout.flush()

    serve(app, "127.0.0.1", 0, on_listening=tell)


def _keep_reporting(store: Store) -> None:
    while True:
        now = time.time()
        store.report(collector(at=now, started=now - 60))
        time.sleep(1)


if __name__ == "__main__":
    main()
