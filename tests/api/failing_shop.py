"""A shop that fails in two ways, for tests of errors: over a store in memory, and over files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tests.api.world import NOW, World, collector
from tests.contract.stories import failed, retried, succeeded, uuid_of
from umbel.cluster.events import Event
from umbel.store.base import Store
from umbel.store.memory import MemoryStore
from umbel.store.opening import open_store

HOUR_S = 3_600.0
#: The stores over which errors are asked, by name: each is made in an empty folder.
STORES: dict[str, Callable[[Path], Store]] = {
    "memory": lambda _folder: MemoryStore(),
    "sqlite": lambda folder: open_store(str(folder / "data"), write=True, partition_tasks=30),
}
KEY_ERROR = "KeyError: <text>"


def declined(
    number: int, at: float, *, currency: str = "USD", worker: str = "celery@w1"
) -> list[Event]:
    """A payment that is declined."""
    return failed(
        uuid_of(number), at, name="shop.pay", queue="money", worker=worker,
        exception=f"Declined('order {number} was declined')", args=f"({number},)",
        kwargs=f"{{'currency': '{currency}', 'password': 'hunter2'}}",
    )  # fmt: skip


def lost(number: int, at: float, name: str = "shop.mail") -> list[Event]:
    """A mail whose address is missing."""
    return failed(uuid_of(number), at, name=name, exception=f"KeyError('to {number}')")


def paid(number: int, at: float, *, currency: str = "EUR") -> list[Event]:
    """A payment that goes well."""
    return succeeded(
        uuid_of(number), at, name="shop.pay", queue="money", args=f"({number},)",
        kwargs=f"{{'currency': '{currency}'}}", worker="celery@w1",
    )  # fmt: skip


def history() -> list[Event]:
    """Tasks 1 to 12 are payments in dollars that were declined in the last quarter of an hour, 13
    and 14 three hours and three days ago; 21 to 24 are mails that failed two hours ago; 31 to 70
    are payments in euros that went well; 80 is to be tried again for want of stock. In the order of
    time."""
    events: list[Event] = []
    for number in range(1, 13):
        worker = "celery@w2" if number % 4 == 0 else "celery@w1"
        events += declined(number, NOW - 60.0 * number, worker=worker)
    events += declined(13, NOW - 3 * HOUR_S) + declined(14, NOW - 72 * HOUR_S)
    for number in range(21, 25):
        events += lost(number, NOW - 2 * HOUR_S, "shop.mail" if number < 24 else "shop.news")
    for number in range(31, 71):
        events += paid(number, NOW - 20.0 * (number - 30))
    events += retried(uuid_of(80), NOW - 30, name="shop.pack")
    return sorted(events, key=lambda event: event.timestamp)


def failing_world(kind: str, folder: Path, *, users: Sequence[str] = ()) -> World:
    """The world over a store of this kind; whoever makes it closes its store."""
    store = STORES[kind](folder)
    events = history()
    # In several transactions, so that tasks change once they are stored.
    for at in range(0, len(events), 20):
        store.apply(events[at : at + 20])
    store.report(collector())
    return World(store=store, users=users)
