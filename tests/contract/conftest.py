"""One entry per adapter: what is here runs every contract test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.contract import stories
from umbel.cluster.events import Event
from umbel.store.base import Store
from umbel.store.ledger import Ledger
from umbel.store.memory import MemoryStore
from umbel.store.memory_ledger import MemoryLedger
from umbel.store.sqlite import SqliteStore
from umbel.store.sqlite.ledger import SqliteLedger

#: How to open an empty store for writing, in a folder of its own, with partitions of so
#: many tasks.
Opener = Callable[[Path, int], Store]


def open_memory(_folder: Path, partition_tasks: int) -> Store:
    return MemoryStore(partition_tasks=partition_tasks)


def open_sqlite(folder: Path, partition_tasks: int) -> Store:
    return SqliteStore(folder, write=True, partition_tasks=partition_tasks)


STORES: dict[str, Opener] = {"memory": open_memory, "sqlite": open_sqlite}


class StoreFactory(Protocol):
    """Opens another empty store; it is closed when the test ends."""

    def __call__(self, *, partition_tasks: int = 1_000) -> Store: ...


@pytest.fixture(params=sorted(STORES))
def store_factory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoreFactory]:
    opener = STORES[request.param]
    opened: list[Store] = []

    def factory(*, partition_tasks: int = 1_000) -> Store:
        store = opener(tmp_path / f"store-{len(opened)}", partition_tasks)
        opened.append(store)
        return store

    yield factory
    for store in opened:
        store.close()


@pytest.fixture
def store(store_factory: StoreFactory) -> Store:
    return store_factory()


def _filled(
    request: pytest.FixtureRequest, folder: Path, batches: list[list[Event]], partition_tasks: int
) -> Iterator[Store]:
    store = STORES[request.param](folder / "store", partition_tasks)
    for events in batches:
        store.apply(events)
    yield store
    store.close()


@pytest.fixture(scope="module", params=sorted(STORES))
def shop_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """The tasks of `stories.shop`, for tests that only read."""
    yield from _filled(request, tmp_path_factory.mktemp("shop"), [stories.shop()], 1_000)


@pytest.fixture(scope="module", params=sorted(STORES))
def varied_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """The tasks of `stories.varied` in partitions of nine, for tests that only read."""
    yield from _filled(request, tmp_path_factory.mktemp("varied"), stories.varied(), 9)


LEDGERS: dict[str, Callable[[Path], Ledger]] = {
    "memory": lambda _folder: MemoryLedger(),
    "sqlite": SqliteLedger,
}


@pytest.fixture(params=sorted(LEDGERS))
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger."""
    opened = LEDGERS[request.param](tmp_path / "ledger")
    yield opened
    opened.close()
