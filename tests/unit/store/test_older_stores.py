"""A store that an earlier version wrote is opened, migrated, answered and carried on."""

from __future__ import annotations

import contextlib
import json
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.contract.stories import BASE, succeeded, uuid_of
from tests.support.older_store import TASKS, answers
from tests.support.waiting import wait_until
from umbel.query.ast import EVERYTHING, Words
from umbel.store.sqlite import SqliteStore
from umbel.store.sqlite.ledger import SqliteLedger

STORES = sorted(Path("tests/fixtures/store").absolute().glob("*.tar.gz"))


@pytest.fixture(params=STORES, ids=lambda path: path.name.removesuffix(".tar.gz"))
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A directory with the store in `data` and what was answered in `answers.json`."""
    with tarfile.open(request.param) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path


#: Where a struct is written as the list of its fields.
_STRUCT = re.compile(r"\.tallies\[\d+\]\.items\[\d+\]$")


def assert_same(answer: Any, older: Any, where: str) -> None:
    """The answer of then; what has more fields now may have them, also where they are a list."""
    if isinstance(older, dict):
        for key, value in older.items():
            assert_same(answer[key], value, f"{where}.{key}")
    elif isinstance(older, list):
        if _STRUCT.search(where):
            answer = answer[: len(older)]
        assert len(answer) == len(older), where
        for number, (mine, its) in enumerate(zip(answer, older, strict=True)):
            assert_same(mine, its, f"{where}[{number}]")
    else:
        assert answer == older, where


def assert_answers_as_it_did(older: Path, store: SqliteStore) -> None:
    with contextlib.closing(SqliteLedger(older / "data")) as ledger:
        assert_same(answers(store, ledger), json.loads((older / "answers.json").read_text()), "")


def test_there_is_a_store_of_the_first_version() -> None:
    assert "0.1.0.tar.gz" in {path.name for path in STORES}


def test_it_is_answered_by_who_only_reads(older: Path) -> None:
    with contextlib.closing(SqliteStore(older / "data", write=False)) as store:
        assert_answers_as_it_did(older, store)


def test_it_is_answered_once_it_was_migrated(older: Path) -> None:
    with contextlib.closing(SqliteStore(older / "data", write=True)) as store:
        assert_answers_as_it_did(older, store)

        wait_until(lambda: store.status().unindexed < 16)

        assert_answers_as_it_did(older, store)


def test_it_is_carried_on(older: Path) -> None:
    with contextlib.closing(SqliteStore(older / "data", write=True)) as store:
        store.apply(succeeded(uuid_of(999), BASE, args="('zebra', 'okapi')"))
        store.apply(succeeded(uuid_of(2), BASE + 20))

        assert store.count(EVERYTHING, now=BASE).total == TASKS + 1
        found = store.search(Words("okapi"), now=BASE).items
        assert [task.uuid for task in found] == [uuid_of(999)]
        second = store.task(uuid_of(2))
        assert second is not None
        assert second.state == "SUCCESS"
