"""What a batch leaves behind in the files."""

from __future__ import annotations

import random
from pathlib import Path

import apsw
import pytest

from tests.contract.stories import BASE, failed, shop, succeeded, uuid_of
from umbel.cluster.events import Event
from umbel.query.ast import EVERYTHING
from umbel.store.base import CollectorStatus
from umbel.store.sqlite import SqliteStore
from umbel.store.sqlite.files.paths import tasks_path
from umbel.store.sqlite.search import changes
from umbel.store.sqlite.write import batch, write_partition

_TABLES = {
    "roll": "SELECT level, measure, start, v.text, s.text, r.n, round(total, 6), hist FROM roll r"
    " LEFT JOIN value v ON v.id = r.name LEFT JOIN value s ON s.id = r.state",
    "value": "SELECT kind, text, n FROM value WHERE n != 0 AND kind != 'key'",
}


def contents(directory: Path) -> dict[str, list[str]]:
    connection = apsw.Connection(str(tasks_path(directory, 1)), flags=apsw.SQLITE_OPEN_READONLY)
    found = {
        table: sorted(map(repr, connection.execute(sql).fetchall()))
        for table, sql in _TABLES.items()
    }
    connection.close()
    return found


@pytest.mark.parametrize("seed", range(5))
def test_counts_and_roll_ups_do_not_depend_on_how_events_came(tmp_path: Path, seed: int) -> None:
    events = [
        event
        for number in range(40)
        for event in (failed if number % 3 else succeeded)(uuid_of(number), BASE + 31 * number)
    ]
    dice = random.Random(seed)
    at_once = SqliteStore(tmp_path / "at-once", write=True, index=False)
    at_once.apply(events)
    scattered = SqliteStore(tmp_path / "scattered", write=True, index=False)
    shuffled = [*events, *dice.sample(events, 60)]
    dice.shuffle(shuffled)
    while shuffled:
        size = dice.randint(1, 30)
        scattered.apply(shuffled[:size])
        del shuffled[:size]
    at_once.close()
    scattered.close()

    assert contents(tmp_path / "scattered") == contents(tmp_path / "at-once")


def test_changes_that_are_no_longer_remembered_are_said_to_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (changes, batch):
        monkeypatch.setattr(module, "CHANGES_MAX", 10)
    store = SqliteStore(tmp_path, write=True, index=False, partition_tasks=8)
    for number in range(30):
        store.apply(succeeded(uuid_of(number), BASE + number))

    recent, old = store.follow(25), store.follow(3, limit=4)

    assert (len(recent.items), recent.skipped, recent.seq) == (5, 0, 30)
    assert old.skipped is None
    assert [change.task.uuid for change in old.items] == [uuid_of(n) for n in (26, 27, 28, 29)]
    store.close()


def test_the_largest_numbers_are_kept_and_larger_ones_stop_nothing(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, write=True, index=False)
    odd = Event(
        type="task-received", timestamp=BASE, hostname="w", uuid="odd", name="odd",
        pid=2**63 - 1, retries=2**63 - 1, clock=2**63 - 1,
    )  # fmt: skip
    long = Event(
        type="task-succeeded", timestamp=BASE, hostname="w", uuid="long", runtime=1e308, result="1"
    )

    beyond = Event(type="task-started", timestamp=BASE, hostname="w", uuid="beyond", clock=10**30)
    worker = Event(type="worker-heartbeat", timestamp=BASE, hostname="w", processed=10**30)

    store.apply([beyond, odd, worker, long, *shop()])

    assert store.status().tasks == 8
    assert store.task("odd") is not None
    assert store.task("beyond") is None
    assert [each.processed for each in store.workers()] == [None]
    store.close()


def test_a_late_event_finds_its_task_in_an_old_partition(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, write=True, partition_tasks=10, index=False)
    lives = [succeeded(uuid_of(number), BASE + number) for number in range(50)]
    for life in lives:
        store.apply(life[:3])

    for life in lives:
        store.apply(life[3:])

    assert store.status().tasks == 50
    assert store.count(EVERYTHING, now=BASE, by="state").groups == {"SUCCESS": 50}
    store.close()


def test_a_partition_begins_with_the_dictionary_of_the_last_and_gets_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_partition, "SAMPLES_WANTED", 300)
    store = SqliteStore(tmp_path, write=True, partition_tasks=700, index=False)
    reader = SqliteStore(tmp_path, write=False)
    for number in range(1_000):
        store.apply(succeeded(uuid_of(number), BASE + number))
        if number % 100 == 0:
            assert reader.task(uuid_of(number)) == store.task(uuid_of(number))

    for number in range(1_000):
        assert reader.task(uuid_of(number)) is not None
    connection = apsw.Connection(str(tasks_path(tmp_path, 2)), flags=apsw.SQLITE_OPEN_READONLY)
    assert [row[0] for row in connection.execute("SELECT id FROM compression")] == [1, 2]
    connection.close()
    reader.close()
    store.close()


def test_who_opens_to_write_knows_that_collectors_before_have_ended(tmp_path: Path) -> None:
    """Even one that was killed: two do not write at once."""
    killed = CollectorStatus(
        collector="eu-1-7", pid=7, started=BASE, at=BASE + 9, broker="connected",
        broker_url="redis://localhost", transport="redis",
    )  # fmt: skip
    first = SqliteStore(tmp_path, write=True)
    first.report(killed)
    assert first.collectors() == (killed,)
    first.close()

    SqliteStore(tmp_path, write=True).close()

    (known,) = SqliteStore(tmp_path, write=False).collectors()
    assert known.ended == killed.at
