"""A collector process with a store in memory, for tests of how it starts and leaves.

Run as a module: `python -m tests.support.collectors URL EXCHANGE STORE [supervised]`, where
STORE is `memory`, `busy` (its lock is held by another), `leaving` (it is, for a moment more)
or `broken`.
"""

from __future__ import annotations

import sys
from itertools import count

from umbel.broker.event_sources import open_source
from umbel.broker.link import link_to_url
from umbel.collector import CollectorOptions, run_collector
from umbel.errors import StoreBusy
from umbel.store.base import Store
from umbel.store.memory import MemoryStore

attempts = count(1)


def open_store(kind: str) -> Store:
    if kind == "busy" or (kind == "leaving" and next(attempts) < 4):
        raise StoreBusy("Another Umbel writes here.", remedy="Stop it first.")
    if kind == "broken":
        raise RuntimeError("no such luck")
    return MemoryStore()


def main(url: str, exchange: str, kind: str, *more: str) -> int:
    link = link_to_url(url, event_exchange=exchange)
    options = CollectorOptions(
        broker_url=link.url,
        supervised="supervised" in more,
    )
    return run_collector(lambda _store_id: open_source(link), lambda: open_store(kind), options)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
