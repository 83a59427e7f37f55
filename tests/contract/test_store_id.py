"""Which store it is: `id`."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.contract.conftest import StoreFactory
from tests.contract.stories import BASE, succeeded, uuid_of
from umbel.errors import StoreError
from umbel.store.base import Retention, Store
from umbel.store.sqlite import SqliteStore


def test_a_store_has_an_id_that_stays(store: Store) -> None:
    id_ = store.id

    store.apply(succeeded(uuid_of(1), BASE))
    store.trim(Retention(max_tasks=0), BASE)

    assert re.fullmatch(r"[0-9a-f]{16}", id_)
    assert store.id == id_


def test_no_two_stores_have_the_same_id(store_factory: StoreFactory) -> None:
    assert len({store_factory().id for _ in range(5)}) == 5


def written(directory: Path) -> str:
    """The id of the store in `directory`, opened to write and closed again."""
    store = SqliteStore(directory, write=True)
    id_ = store.id
    store.close()
    return id_


def test_the_id_is_there_again_after_a_restart_and_for_readers(tmp_path: Path) -> None:
    id_ = written(tmp_path)
    reader = SqliteStore(tmp_path, write=False)

    assert reader.id == written(tmp_path) == id_
    reader.close()


def test_the_id_stays_when_the_databases_are_moved_away(tmp_path: Path) -> None:
    id_ = written(tmp_path)
    for path in tmp_path.glob("*.db*"):
        path.unlink()

    assert written(tmp_path) == id_


def test_a_damaged_id_is_replaced(tmp_path: Path) -> None:
    id_ = written(tmp_path)
    (tmp_path / "umbel.id").write_bytes(b"\xff\x00 not an id")

    anew = written(tmp_path)

    assert anew != id_
    assert written(tmp_path) == anew


def test_an_open_store_keeps_its_id_when_its_directory_is_removed(tmp_path: Path) -> None:
    directory = tmp_path / "store"
    store = SqliteStore(directory, write=True)
    id_ = store.id
    shutil.rmtree(directory)
    with pytest.raises(StoreError, match="were removed"):
        store.apply(succeeded(uuid_of(1), BASE))
    store.apply(succeeded(uuid_of(1), BASE))
    store.close()

    assert written(directory) == id_
