"""Umbel's web application as `umbel serve` composes it of settings, over HTTP, in this process: so
that a test can put its clock forward."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import uvicorn

from tests.support.memory_cluster import MemoryCluster, MemoryResults
from tests.support.umbels import umbel_environment
from tests.support.waiting import wait_until
from umbel.clock import Clock
from umbel.services.cluster_services import make_services
from umbel.settings import check_serving, load_settings
from umbel.store.memory import MemoryStore
from umbel.store.memory_ledger import MemoryLedger
from umbel.web.serving.sockets import open_tcp
from umbel.web_composition import web_application


@contextlib.contextmanager
def served(variables: Mapping[str, str], directory: Path, clock: Clock) -> Iterator[str]:
    """The address of a server with these variables, whose history is empty."""
    environment = umbel_environment(UMBEL_BROKER="redis://127.0.0.1:1/0", **variables)
    loaded = load_settings({}, environment, directory)
    check_serving(loaded)
    services = make_services(MemoryStore(), MemoryLedger(), MemoryCluster(), MemoryResults(), clock)
    app = web_application(loaded, {"default": services}, clock)
    config = uvicorn.Config(
        app, ws="none", lifespan="off", log_config=None, access_log=False, proxy_headers=False
    )
    server, sockets = uvicorn.Server(config), open_tcp("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, args=(sockets,), daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started, what="the web application")
        yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        for each in sockets:
            each.close()
        services.close()
