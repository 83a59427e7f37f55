"""A real server process over a store in memory, for tests of what only a process can show.

`python -m tests.api.serving [PORT [CERTIFICATE KEY]]` writes the address to open to standard
output and serves until it is told to stop; a new task comes every 50 ms.
"""

from __future__ import annotations

import itertools
import sys
import threading
import time
from pathlib import Path

from tests.api.world import collector, services_of
from tests.contract.stories import shop, succeeded
from umbel.clock import SystemClock
from umbel.logs import start_logging
from umbel.store.memory import MemoryStore
from umbel.web.app import WebOptions, create_app
from umbel.web.serving.server import serve
from umbel.web.serving.tls import Tls


def main() -> None:
    store = MemoryStore()
    store.apply(shop())
    ended = threading.Event()
    threading.Thread(target=_keep_changing, args=(store, ended)).start()
    try:
        clock = SystemClock()
        app = create_app({"default": services_of(store, clock)}, options=WebOptions())
        port, *files = sys.argv[1:] or ["0"]
        tls = Tls(*map(Path, files)) if files else None
        start_logging("warning", "text")
        serve(app, "127.0.0.1", int(port), tls=tls, on_listening=_tell)
    finally:
        ended.set()


def _tell(url: str) -> None:
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()


def _keep_changing(store: MemoryStore, ended: threading.Event) -> None:
    for number in itertools.count():
        now = time.time()
        store.report(collector(at=now, started=now - 60))
        store.apply(succeeded(f"task-{number}", now))
        if ended.wait(0.05):
            return


if __name__ == "__main__":
    main()
