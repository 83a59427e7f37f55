"""`kill -9` of a process that writes the store, at any moment."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import apsw

from tests.contract.answers import unchanged
from tests.faults.store_writer import PARTITION_TASKS, TASKS, batch
from umbel.query.ast import EVERYTHING, Words
from umbel.store.base import Order
from umbel.store.memory import MemoryStore
from umbel.store.sqlite import SqliteStore

ROUNDS = 6


def killed_after(directory: Path, first: int, batches: int, dice: random.Random) -> int:
    """Let a process write from batch `first` on and kill it some moment after it reported
    `batches` of them; the last batch that it reported."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.store_writer", str(directory), str(first)],
        stdout=subprocess.PIPE,
        text=True,
    )
    with writer:
        assert writer.stdout is not None
        for _ in range(batches):
            reported = writer.stdout.readline()
        # Anywhere within the next batch, or between files of one.
        for _ in range(dice.randrange(200_000)):
            pass
        writer.kill()
        later = writer.stdout.read().split()
    return int(later[-1] if later else reported)


def assert_sound(directory: Path) -> None:
    """Every file is whole, and everything in it belongs together."""
    files = [*directory.glob("*.db"), *directory.glob("*.text")]
    assert len(files) >= 3
    for path in files:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        assert connection.pragma("integrity_check") == "ok"
        if path.name.startswith("tasks-") and path.suffix == ".db":
            assert_consistent(connection)
        connection.close()


def assert_consistent(connection: apsw.Connection) -> None:
    def number(sql: str) -> object:
        return connection.execute(sql).fetchall()[0][0]

    tasks = number("SELECT count(*) FROM task")
    assert tasks == number("SELECT count(*) FROM body")
    assert tasks == number("SELECT ifnull(max(id), 0) FROM task"), "ids have holes"
    assert tasks == number("SELECT count(DISTINCT uuid) FROM task")
    assert tasks == number("SELECT sum(n) FROM value WHERE kind = 'state'")
    assert tasks == number(
        "SELECT ifnull(sum(n), 0) FROM roll WHERE level = 60 AND measure = 0 AND name = 0"
    )


def test_nothing_that_was_reported_is_lost_and_no_file_is_damaged(tmp_path: Path) -> None:
    dice = random.Random(20)
    last = -1
    for _ in range(ROUNDS):
        last = killed_after(tmp_path, last + 1, dice.randint(3, 15), dice)
        assert_sound(tmp_path)
        with_all = MemoryStore(partition_tasks=PARTITION_TASKS)
        for number in range(last + 1):
            with_all.apply(batch(number))
        reader = SqliteStore(tmp_path, write=False)
        for task in range((last + 1) * TASKS):
            uuid = f"00000000-0000-4000-8000-{task:012x}"
            expected, found = with_all.task(uuid), reader.task(uuid)
            assert found is not None
            assert expected is not None
            # A batch that was being written when the process died may be there in part.
            assert set(expected.attempts) <= {*found.attempts, *expected.attempts}
            assert found.state in {expected.state, "SUCCESS"}
            assert len(found.notes) >= len(expected.notes)
        reader.close()


def test_events_that_are_delivered_again_heal_what_was_cut_off(tmp_path: Path) -> None:
    dice = random.Random(21)
    last = killed_after(tmp_path, 0, 20, dice)
    whole = MemoryStore(partition_tasks=PARTITION_TASKS)
    store = SqliteStore(tmp_path, write=True, partition_tasks=PARTITION_TASKS)

    for number in range(last + 2):
        store.apply(batch(number))
        whole.apply(batch(number))

    order = Order("received")
    for query in (EVERYTHING, Words("of 1")):
        ours = store.search(query, now=0.0, order=order, limit=2_000).items
        theirs = whole.search(query, now=0.0, order=order, limit=2_000).items
        assert list(map(unchanged, ours)) == list(map(unchanged, theirs))
    assert store.count(EVERYTHING, now=0.0, by="state").groups == {
        "SUCCESS": (last + 1) * TASKS,
        "STARTED": TASKS,
    }
    store.close()
    assert_sound(tmp_path)
