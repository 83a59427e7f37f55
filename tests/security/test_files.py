"""What Umbel keeps on the disk is for its own user, whoever made the directory."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.stories import BASE, succeeded, uuid_of
from tests.support.brokers import redis_database
from tests.support.umbels import umbel_environment, umbel_serve
from tests.support.waiting import wait_until
from umbel.app import make_directory
from umbel.auth.session_key import session_key
from umbel.auth.tokens import make_token
from umbel.errors import StoreBusy, StoreError
from umbel.settings import load_settings
from umbel.store.sqlite import SqliteStore
from umbel.store.sqlite.files.backup import back_up
from umbel.store.sqlite.files.damage import FOLDER, Damaged, set_aside
from umbel.store.sqlite.files.lock import WriterLock
from umbel.store.sqlite.files.private_files import close_to_others
from umbel.store.sqlite.files.store_cluster import keep_cluster
from umbel.store.sqlite.ledger import SqliteLedger


@pytest.fixture(autouse=True)
def _a_careless_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Made by somebody else, who lets everybody in."""
    made = tmp_path / "data"
    made.mkdir(mode=0o755)
    return made


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def readable_by_others(directory: Path) -> list[str]:
    files = (path for path in directory.rglob("*") if path.is_file())
    return sorted(path.name for path in files if mode(path) & 0o077)


def fill(directory: Path) -> None:
    """Every kind of file that a data directory has."""
    with closing(SqliteStore(directory, write=True)) as store:
        store.apply(succeeded(uuid_of(1), BASE))
        keep_cluster(directory, "of this cluster")
        with closing(SqliteLedger(directory)) as ledger:
            make_token(ledger, "ci", "viewer", now=0, expires_s=None)
            session_key(ledger)
            assert readable_by_others(directory) == []


def test_every_file_is_for_its_owner_alone(directory: Path) -> None:
    fill(directory)

    names = {path.name for path in directory.iterdir()}
    assert readable_by_others(directory) == []
    assert {"umbel.db", "umbel-ledger.db", "umbel.id", "umbel.cluster", "writer.lock",
            "tasks-000001.db"} <= names  # fmt: skip


def test_files_of_earlier_versions_are_closed_to_others_at_the_start(directory: Path) -> None:
    fill(directory)
    foreign = directory / "notes.txt"
    foreign.touch()
    for path in directory.iterdir():
        path.chmod(0o644)

    SqliteStore(directory, write=True).close()

    assert readable_by_others(directory) == ["notes.txt"]


def test_a_link_among_the_files_is_not_followed(directory: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.touch(mode=0o644)
    (directory / "tasks-000007.db").symlink_to(elsewhere)

    close_to_others(directory, directory / FOLDER)

    assert mode(elsewhere) == 0o644


def test_damaged_files_are_set_aside_for_the_owner_alone(directory: Path) -> None:
    (directory / "tasks-000001.db").write_bytes(b"damaged")

    set_aside(directory, Damaged(1, ValueError("odd")), BASE)
    close_to_others(directory, directory / FOLDER)

    assert readable_by_others(directory) == []
    assert mode(directory / FOLDER) == 0o700


def test_a_backup_is_for_its_owner_alone(directory: Path, tmp_path: Path) -> None:
    fill(directory)
    target = tmp_path / "copy"

    back_up(directory, target, lambda _copied: None)

    assert mode(target) == 0o700
    assert readable_by_others(target) == []


def test_who_had_opened_the_lock_of_an_earlier_version_cannot_hold_it(directory: Path) -> None:
    path = directory / "writer.lock"
    path.touch(mode=0o644)
    with path.open() as foreign:
        lock = WriterLock(directory)
        lock.release()
        fcntl.flock(foreign, fcntl.LOCK_EX)

        again = WriterLock(directory)

        assert again.is_held()
        again.release()
    assert mode(path) == 0o600
    assert [path.name for path in directory.iterdir()] == ["writer.lock"]


def test_an_earlier_version_that_runs_keeps_its_lock(directory: Path) -> None:
    path = directory / "writer.lock"
    path.write_text("123\n")
    with path.open() as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)

        with pytest.raises(StoreBusy, match=r"process 123\) already collects.*remove"):
            WriterLock(directory)


@pytest.mark.redis
def test_a_server_keeps_others_out_of_a_directory_that_was_there(directory: Path) -> None:
    with (
        redis_database() as broker,
        umbel_serve(
            broker, directory, "--basic-auth", "ada:pw", live=False, environment=umbel_environment()
        ) as umbel,
    ):
        assert umbel.is_up()
        said = umbel.process.output()
        assert readable_by_others(directory) == []

    assert "may look into the data directory" in said
    assert readable_by_others(directory) == []
    assert mode(directory) == 0o755


@pytest.mark.parametrize("name", ["umbel-ledger.db", "session.key", "tasks-000001.db"])
def test_what_somebody_else_put_into_a_directory_of_everybody_is_refused(
    name: str, directory: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("Only root can give files to somebody else.")
    planted = directory / name
    planted.symlink_to("/elsewhere")
    os.chown(planted, 12_345, 12_345, follow_symlinks=False)
    settings = load_settings({"data": str(directory)}, {"HOME": "/"}, directory).settings
    make_directory(settings)  # nobody else could put it there

    directory.chmod(0o1777)

    with pytest.raises(StoreError, match=f"{name} belongs to 12345.*--data"):
        make_directory(settings)


def test_root_works_on_files_of_the_owner_of_an_open_directory(directory: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("Only root can give files to somebody else.")
    fill(directory)
    for path in (directory, *directory.iterdir()):
        os.chown(path, 12_345, 12_345)
    directory.chmod(0o777)
    settings = load_settings({"data": str(directory)}, {"HOME": "/"}, directory).settings

    make_directory(settings)

    assert readable_by_others(directory) == []


@pytest.mark.redis
def test_files_of_the_application_have_the_mode_that_it_gives_them(tmp_path: Path) -> None:
    written = tmp_path / "shop.log"
    with redis_database() as broker:
        (tmp_path / "shop_that_logs.py").write_text(
            "import pathlib\nfrom celery import Celery\n"
            f"app = Celery('shop', broker={broker!r})\npathlib.Path({str(written)!r}).touch()\n"
        )
        environment = umbel_environment(PYTHONPATH=str(tmp_path))
        options = ("-A", "shop_that_logs:app")
        with umbel_serve(
            broker, tmp_path / "data", *options, live=False, environment=environment
        ) as umbel:
            assert umbel.is_up()
            wait_until(written.exists)

    assert mode(written) == 0o666
    assert readable_by_others(tmp_path / "data") == []
