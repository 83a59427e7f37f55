"""Copies of a data directory: while somebody writes to it, and of the files after a stop."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from tests.api.world import collector
from tests.contract.stories import BASE, begun, heartbeat, succeeded, uuid_of
from tests.faults.store_writer import TASKS
from tests.faults.test_store_kill import assert_sound
from tests.support.umbels import UMBEL, umbel_environment
from tests.support.waiting import wait_until
from umbel.errors import SettingsError, StoreError
from umbel.query.ast import EVERYTHING, Words
from umbel.settings.config_file import config_file
from umbel.store.base import Copied, Retention
from umbel.store.ledger import AuditEntry, Lease, LoginSession, SecondFactor
from umbel.store.sqlite import SqliteStore
from umbel.store.sqlite.files.backup import back_up
from umbel.store.sqlite.files.snapshots import snapshots_of
from umbel.store.sqlite.ledger import SqliteLedger

NOBODY = 65534
SECRET = bytes(range(100, 132))
FACTOR = bytes(range(40, 60))
CLAIMS = b'{"groups":["a-group-of-ann"]}'


def backup(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [UMBEL, "backup", *arguments],
        env=umbel_environment(HOME="/nonexistent"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def writing(directory: Path) -> Iterator[Callable[[], int]]:
    """A process that writes batch after batch; gives the last that was committed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.store_writer", str(directory), "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    committed = [-1]

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            committed[0] = int(line)

    reading = threading.Thread(target=read)
    reading.start()
    try:
        yield lambda: committed[0]
    finally:
        process.kill()
        process.wait()
        reading.join()
        if process.stdout is not None:
            process.stdout.close()


def later(committed: Callable[[], int], more: int) -> None:
    """Wait until so many more batches are committed."""
    now = committed()
    wait_until(lambda: committed() >= now + more)


def filled(directory: Path, tasks: int = 30) -> None:
    store = SqliteStore(directory, write=True, partition_tasks=10)
    for n in range(tasks):
        store.apply([heartbeat("w@h", BASE), *succeeded(uuid_of(n), BASE + n, result=f"'no {n}'")])
    store.close()


def numbers(store: SqliteStore) -> list[int]:
    found: list[int] = []
    cursor: str | None = None
    while True:
        page = store.search(EVERYTHING, now=BASE, limit=2_000, cursor=cursor)
        found += [int(task.uuid[-12:], 16) for task in page.items]
        cursor = page.cursor
        if cursor is None:
            return sorted(found)


def test_all_that_was_committed_before_is_in_a_copy_that_is_made_while_somebody_writes(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    with writing(data) as committed:
        for copy in (tmp_path / "first", tmp_path / "second"):
            later(committed, 15)
            before = committed()
            back_up(data, copy, lambda _: None)
            # The writer was not stopped by it.
            later(committed, 1)

            assert_sound(copy)
            store = SqliteStore(copy, write=False)
            found = numbers(store)
            assert found == list(range(len(found)))
            assert len(found) >= (before + 1) * TASKS
            assert all(
                (task := store.task(uuid_of(n))) is not None and task.state == "SUCCESS"
                for n in range(0, before * TASKS, 19)
            )
            assert [worker.hostname for worker in store.workers()] == ["celery@eu-1"]
            store.close()


def test_a_copy_goes_on_as_the_history_that_it_is_of(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy"
    filled(data)
    ledger = SqliteLedger(data)
    ledger.record(
        AuditEntry(at=BASE, actor="ada", address="", via="cli", action="purge", target="mail")
    )
    ledger.secret("session", SECRET)
    factor = SecondFactor(user="ada", secret=FACTOR, since=BASE, last_step=7, recovery=("hash",))
    ledger.keep_second_factor(factor, instead_of=None)
    ledger.keep_session(
        LoginSession(
            id="a", user="okta:ann", provider="okta", began=BASE, expires=BASE + 60, seen=BASE,
            address="192.0.2.7", claims=CLAIMS,
        )
    )  # fmt: skip
    ledger.take_lease(Lease(name="trim", holder="here", expires=BASE + 60), BASE)
    ledger.close()
    (data / "umbel.cluster").write_text("redis://shop/0\n")
    (data / "session.key").write_bytes(b"k" * 32)

    done = backup(str(copy), "--data", str(data))

    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in copy.iterdir()) == [
        "tasks-000001.db",
        "tasks-000002.db",
        "tasks-000003.db",
        "umbel-ledger.db",
        "umbel.cluster",
        "umbel.db",
        "umbel.id",
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in copy.iterdir()} == {0o600}
    assert stat.S_IMODE(copy.stat().st_mode) == 0o700
    assert "umbel-ledger.db\t" in done.stdout
    for secret in (SECRET, FACTOR, CLAIMS):
        assert not any(secret in path.read_bytes() for path in copy.iterdir())
    assert f"{data} is copied to {copy}: 7 files, " in done.stderr
    store = SqliteStore(copy, write=True, partition_tasks=10)
    store.apply(succeeded(uuid_of(30), BASE + 30, result="'no 30'"))
    assert numbers(store) == list(range(31))
    # Indexes are made anew.
    wait_until(lambda: store.status().unindexed < 8)
    assert len(store.search(Words("no 7"), now=BASE).items) == 1
    assert store.id == (data / "umbel.id").read_text().strip()
    store.close()
    ledger = SqliteLedger(copy)
    assert [entry.actor for entry in ledger.audit().items] == ["ada"]
    assert ledger.lease("trim") is None
    assert ledger.sessions(BASE) == ()
    assert ledger.secret("session", b"n" * 32) == b"n" * 32
    # It is still asked for, and recovery codes are all that is good for it.
    assert ledger.second_factor("ada") == msgspec.structs.replace(factor, secret=b"")
    ledger.close()


def test_what_collectors_said_is_said_in_a_copy_and_goes_on_to_be_theirs_in_the_original(
    tmp_path: Path,
) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy"
    store = SqliteStore(data, write=True)
    store.report(collector(collector="c", at=BASE))

    assert backup(str(copy), "--data", str(data)).returncode == 0

    restored = SqliteStore(copy, write=True)
    assert [each.is_copied for each in store.collectors()] == [False]
    assert [each.is_copied for each in restored.collectors()] == [True]
    restored.close()
    store.close()


def test_what_retention_carries_on_is_in_every_copy(tmp_path: Path) -> None:
    """Old partitions go, and what runs moves to others, while copies are made."""
    data = tmp_path / "data"
    store = SqliteStore(data, write=True, partition_tasks=40)
    store.apply(begun(uuid_of(0), BASE))
    ended = threading.Event()

    def trimming() -> None:
        number = 1
        while not ended.is_set():
            for _ in range(20):
                store.apply(succeeded(uuid_of(number), BASE + number))
                number += 1
            store.trim(Retention(max_tasks=60), now=BASE + number)

    thread = threading.Thread(target=trimming)
    thread.start()
    try:
        for n in range(6):
            copied: list[Copied] = []
            back_up(data, tmp_path / f"copy-{n}", copied.append)
            copy = SqliteStore(tmp_path / f"copy-{n}", write=False)
            found = numbers(copy)
            copy.close()
            assert found.count(0) == 1
            assert found[1:] == list(range(found[1], found[-1] + 1)) if len(found) > 1 else True
    finally:
        ended.set()
        thread.join()
        store.close()


def test_a_plain_copy_of_the_databases_after_a_stop_is_whole(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy"
    filled(data)
    reader = SqliteStore(data, write=False)
    assert len(numbers(reader)) == 30
    store = SqliteStore(data, write=True, partition_tasks=10)
    store.apply(succeeded(uuid_of(30), BASE + 30))
    store.close()

    copy.mkdir()
    for path in data.glob("*.db"):
        shutil.copy(path, copy)
    reader.close()

    there = SqliteStore(copy, write=False)
    assert numbers(there) == list(range(31))
    assert [worker.hostname for worker in there.workers()] == ["w@h"]
    there.close()


def test_a_damaged_file_is_left_out_and_told(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy"
    filled(data)
    (data / "tasks-000002.db").write_bytes(os.urandom(20_000))

    done = backup(str(copy), "--data", str(data))

    assert done.returncode == 4
    assert f"{data / 'tasks-000002.db'} is damaged" in done.stderr
    store = SqliteStore(copy, write=False)
    assert numbers(store) == [*range(10), *range(20, 30)]
    store.close()


def test_damage_inside_a_file_is_told_and_what_is_left_is_copied(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy"
    filled(data)
    damaged = data / "tasks-000002.db"
    size = damaged.stat().st_size
    with damaged.open("r+b") as file:
        file.seek(size // 2 // 4096 * 4096)
        file.write(os.urandom(size // 2))

    done = backup(str(copy), "--data", str(data))

    assert done.returncode == 4
    assert f"{copy / 'tasks-000002.db'} was copied as it is, and it is damaged" in done.stderr
    assert (copy / "tasks-000002.db").stat().st_size == size


def test_nothing_is_written_over(tmp_path: Path) -> None:
    filled(tmp_path / "data")
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "mine").touch()

    done = backup(str(tmp_path / "copy"), "--data", str(tmp_path / "data"))

    assert done.returncode == 1
    assert f"{tmp_path / 'copy'} is not empty. Nothing is written over" in done.stderr
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["mine"]


def test_a_copy_is_not_made_within_what_it_is_of(tmp_path: Path) -> None:
    data = tmp_path / "data"
    filled(data)
    before = {path.name for path in data.iterdir()}

    done = backup(str(data / "copies" / "monday"), "--data", str(data))

    assert done.returncode == 1
    assert f"lies in the data directory {data}" in done.stderr
    assert {path.name for path in data.iterdir()} == before


@pytest.mark.parametrize("where", ["/proc/copy", "/" + "n" * 300])
def test_where_no_copy_can_be_made_is_told_of_the_copy(tmp_path: Path, where: str) -> None:
    filled(tmp_path / "data")

    done = backup(where, "--data", str(tmp_path / "data"))

    assert done.returncode == 1
    assert f"No copy can be made in {where}: " in done.stderr
    assert "--data" not in done.stderr


def test_a_copy_needs_no_more_room_than_it_takes(tmp_path: Path) -> None:
    """A WAL keeps the length that it once had, and what it has may be in the file as well."""
    data, copied = tmp_path / "data", list[Copied]()
    store = SqliteStore(data, write=True)
    for n in range(200):
        store.apply(succeeded(uuid_of(n), BASE + n))
    assert (data / "tasks-000001.db-wal").stat().st_size > 0

    with snapshots_of(data) as snapshots:
        expected = {each.path.name: each.size_bytes for each in snapshots}
    back_up(data, tmp_path / "copy", copied.append)

    taken = {each.path.name: each.size_bytes for each in copied}
    assert {name: taken[name] for name in expected} == expected
    store.close()


def test_without_a_history_there_is_no_copy(tmp_path: Path) -> None:
    done = backup(str(tmp_path / "copy"), "--data", str(tmp_path / "data"))

    assert done.returncode == 1
    assert f"There is no Umbel data in {tmp_path / 'data'}." in done.stderr
    assert not (tmp_path / "copy").exists()


def test_a_copy_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    filled(tmp_path / "data")

    # A file may grow to 50 KiB only.
    done = subprocess.run(
        ["sh", "-c", f'ulimit -f 100; exec {UMBEL} backup "$0" --data "$1"',
         str(tmp_path / "copy"), str(tmp_path / "data")],
        env=umbel_environment(HOME="/nonexistent"), capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 1, done.stderr
    assert f"{tmp_path / 'copy'}" in done.stderr
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize("name", ["tasks-000002.db", "umbel.db"])
@pytest.mark.parametrize("what", ["is not there", "is empty"])
def test_a_file_that_is_lacking_is_told_by_the_copy(tmp_path: Path, name: str, what: str) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy"
    filled(data)
    (data / name).unlink()
    if what == "is empty":
        (data / name).write_bytes(b"")

    done = backup(str(copy), "--data", str(data))

    assert done.returncode == 4, done.stderr
    assert f"{data / name} is damaged (it {what}) and is missing from the copy." in done.stderr
    assert not (copy / name).exists()
    store = SqliteStore(copy, write=True)
    assert len(numbers(store)) == (30 if name == "umbel.db" else 20)
    store.close()


@pytest.mark.parametrize("left", ["umbel.db.partial", "tasks-000001.db.partial"])
def test_a_copy_that_was_cut_off_is_not_taken_for_a_history(tmp_path: Path, left: str) -> None:
    filled(tmp_path / "data")
    back_up(tmp_path / "data", tmp_path / "copy", lambda _file: None)
    file = tmp_path / "copy" / left
    file.with_suffix("").rename(file)

    for write in (True, False):
        with pytest.raises(StoreError, match="is not whole: it was cut off"):
            SqliteStore(tmp_path / "copy", write=write)
    done = subprocess.run(
        [UMBEL, "serve", "-b", "redis://h:1", "--port", "0", "--data", str(tmp_path / "copy")],
        env=umbel_environment(), capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert "is not whole" in done.stderr
    assert file.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root can become another user.")
def test_a_copy_that_root_makes_belongs_to_the_owner_of_the_history(tmp_path: Path) -> None:
    filled(tmp_path / "data")
    for path in (tmp_path / "data", *(tmp_path / "data").iterdir()):
        os.chown(path, NOBODY, NOBODY)

    done = backup(str(tmp_path / "copy"), "--data", str(tmp_path / "data"))

    assert done.returncode == 0, done.stderr
    copies = [tmp_path / "copy", *(tmp_path / "copy").iterdir()]
    assert {path.stat().st_uid for path in copies} == {NOBODY}
    assert {path.stat().st_uid for path in (tmp_path / "data").iterdir()} == {NOBODY}


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root can become another user.")
def test_who_may_not_read_the_history_is_told_who_may() -> None:
    above = Path(tempfile.mkdtemp(prefix="umbel-backup-"))
    above.chmod(0o755)
    filled(above / "data")
    (above / "data").chmod(0o700)

    os.seteuid(NOBODY)
    try:
        with pytest.raises(StoreError) as refused:
            back_up(above / "data", above / "copy", lambda _: None)
        with pytest.raises(StoreError) as unread:
            SqliteStore(above / "data", write=False)
        with pytest.raises(SettingsError) as unset:
            config_file((above / "data" / "umbel.toml", "--config"), {}, above, {0})
    finally:
        os.seteuid(0)
        shutil.rmtree(above)

    assert "cannot be read by nobody: it belongs to root." in str(refused.value)
    assert "sudo -u root umbel backup" in str(refused.value)
    assert "cannot be read by nobody: it belongs to root." in str(unread.value)
    assert f"{above / 'data' / 'umbel.toml'} cannot be read by nobody" in str(unset.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root can become another user.")
def test_who_may_not_write_the_copy_is_told_so() -> None:
    above = Path(tempfile.mkdtemp(prefix="umbel-backup-"))
    above.chmod(0o755)
    filled(above / "data")
    os.chown(above / "data", NOBODY, NOBODY)
    (above / "closed").mkdir(mode=0o700)

    os.seteuid(NOBODY)
    try:
        with pytest.raises(StoreError) as refused:
            back_up(above / "data", above / "closed" / "copy", lambda _: None)
    finally:
        os.seteuid(0)
        shutil.rmtree(above)

    assert f"No copy can be made in {above / 'closed' / 'copy'}: Permission" in str(refused.value)
