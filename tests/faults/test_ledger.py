"""The ledger through kills, several writers and a full disk."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from tests.faults.ledger_writer import task_ids, write
from tests.faults.test_store_disk import files_of_at_most
from umbel.errors import StoreUnwritable
from umbel.store.sqlite.ledger import SqliteLedger

ROUNDS = 6
WRITER = (sys.executable, "-m", "tests.faults.ledger_writer")


def writer(directory: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*WRITER, str(directory), name, str(count)],
        stdout=subprocess.PIPE,
        text=True,
    )


def assert_sound(directory: Path) -> None:
    connection = apsw.Connection(str(directory / "umbel-ledger.db"))
    assert connection.pragma("integrity_check") == "ok"
    connection.close()


def assert_has(ledger: SqliteLedger, name: str, number: int) -> None:
    assert len(ledger.intents(task_ids(name, number))) == len(task_ids(name, number))
    assert ledger.action(f"{name}-{number}") is not None
    assert len(ledger.audit(action_id=f"{name}-{number}").items) == 1


def test_nothing_that_was_reported_is_lost_when_a_writer_is_killed(tmp_path: Path) -> None:
    dice = random.Random(3)
    reported: dict[str, int] = {}
    for name in (f"writer-{number}" for number in range(ROUNDS)):
        with writer(tmp_path, name, 1_000_000) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(dice.randint(1, 10))]
            for _ in range(dice.randrange(100_000)):
                pass
            process.kill()
            lines += process.stdout.read().split()
        reported[name] = int(lines[-1])
        assert_sound(tmp_path)
        ledger = SqliteLedger(tmp_path)
        for each, last in reported.items():
            for number in range(last + 1):
                assert_has(ledger, each, number)
        ledger.close()


def test_processes_that_begin_and_write_at_once_lose_nothing(tmp_path: Path) -> None:
    processes = [writer(tmp_path, name, 40) for name in ("a", "b", "c")]

    for process in processes:
        with process:
            process.communicate(timeout=60)
        assert process.returncode == 0

    ledger = SqliteLedger(tmp_path)
    for name in ("a", "b", "c"):
        for number in range(40):
            assert_has(ledger, name, number)
    assert len(ledger.audit(limit=500).items) == 120
    ledger.close()
    assert_sound(tmp_path)


def test_a_full_disk_is_said_and_survived(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path)
    write(ledger, "w", 0)
    largest = max(path.stat().st_size for path in tmp_path.iterdir())

    number = 1
    with files_of_at_most(largest + 50_000):
        with pytest.raises(StoreUnwritable, match=r"disk that holds .* is full"):  # noqa: PT012
            for number in range(1, 1_000):
                write(ledger, "w", number)
        for before in range(number):
            assert_has(ledger, "w", before)

    write(ledger, "w", number)
    assert_has(ledger, "w", number)
    ledger.close()
    assert_sound(tmp_path)
