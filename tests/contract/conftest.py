"""One URL per adapter: what is here runs every contract test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.contract import stories
from umbel.cluster.events import Event
from umbel.store.base import Store
from umbel.store.ledger import ENDED_EACH, Ledger
from umbel.store.opening import MEMORY, open_ledger, open_store

#: For each kind of store, the URL of an empty one with a folder of its own.
URLS: dict[str, Callable[[Path], str]] = {
    "memory": lambda _folder: MEMORY,
    "sqlite": lambda folder: f"sqlite:///{folder}",
}


class StoreFactory(Protocol):
    """Opens another empty store; it is closed when the test ends."""

    def __call__(self, *, partition_tasks: int = 1_000) -> Store: ...


@pytest.fixture(params=sorted(URLS))
def store_factory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoreFactory]:
    opened: list[Store] = []

    def factory(*, partition_tasks: int = 1_000) -> Store:
        url = URLS[request.param](tmp_path / f"store-{len(opened)}")
        store = open_store(url, write=True, partition_tasks=partition_tasks)
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
    url = URLS[request.param](folder / "store")
    store = open_store(url, write=True, partition_tasks=partition_tasks)
    for events in batches:
        store.apply(events)
    yield store
    store.close()


@pytest.fixture(scope="module", params=sorted(URLS))
def shop_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """The tasks of `stories.shop`, for tests that only read."""
    yield from _filled(request, tmp_path_factory.mktemp("shop"), [stories.shop()], 1_000)


@pytest.fixture(scope="module", params=sorted(URLS))
def varied_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """The tasks of `stories.varied` in partitions of nine, for tests that only read."""
    yield from _filled(request, tmp_path_factory.mktemp("varied"), stories.varied(), 9)


class LedgerFactory(Protocol):
    """Opens another empty ledger; it is closed when the test ends."""

    def __call__(self, *, ended_each: int = ENDED_EACH) -> Ledger: ...


@pytest.fixture(params=sorted(URLS))
def ledger_factory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LedgerFactory]:
    opened: list[Ledger] = []

    def factory(*, ended_each: int = ENDED_EACH) -> Ledger:
        url = URLS[request.param](tmp_path / f"ledger-{len(opened)}")
        opened.append(open_ledger(url, ended_each=ended_each))
        return opened[-1]

    yield factory
    for ledger in opened:
        ledger.close()


@pytest.fixture
def ledger(ledger_factory: LedgerFactory) -> Ledger:
    """An empty ledger."""
    return ledger_factory()


@pytest.fixture(params=sorted(URLS))
def shared_ledger(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[Ledger, Ledger]]:
    """One empty ledger as two processes have it; one in memory has one process."""
    url = URLS[request.param](tmp_path / "ledger")
    first = open_ledger(url)
    second = first if url == MEMORY else open_ledger(url)
    yield first, second
    first.close()
    second.close()
