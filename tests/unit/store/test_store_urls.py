"""What a URL of a store or a ledger opens, and what is said of one that opens nothing."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.stories import BASE, succeeded, uuid_of
from umbel.errors import StoreError
from umbel.store.ledger import Token
from umbel.store.opening import (
    MEMORY,
    directory_of,
    has_store,
    open_ledger,
    open_store,
    store_id,
)

TOKEN = Token(name="ci", role="viewer", secret_hash="0" * 64, created=BASE)


@pytest.mark.parametrize(
    ("url", "directory"),
    [
        ("sqlite:///history", "history"),
        ("sqlite:////var/lib/umbel", "/var/lib/umbel"),
        ("/var/lib/umbel", "/var/lib/umbel"),
        ("history/of ours", "history/of ours"),
        (Path("history"), "history"),
    ],
)
def test_urls_and_paths_name_directories(url: str | Path, directory: str) -> None:
    assert directory_of(url) == Path(directory)


def test_a_path_and_its_url_open_the_same_store(tmp_path: Path) -> None:
    directory = tmp_path / "history"
    with closing(open_store(f"sqlite:///{directory}", write=True)) as store:
        store.apply(succeeded(uuid_of(1), BASE))
        made = store.id

    with closing(open_store(directory, write=False)) as store:
        assert store.task(uuid_of(1)) is not None
    assert store_id(str(directory)) == made


def test_store_and_ledger_may_be_apart(tmp_path: Path) -> None:
    with (
        closing(open_store(tmp_path / "history", write=True)),
        closing(open_ledger(f"sqlite:///{tmp_path / 'book'}")) as ledger,
    ):
        ledger.put_token(TOKEN)

    with closing(open_ledger(tmp_path / "book")) as ledger:
        assert ledger.tokens() == (TOKEN,)
    assert not (tmp_path / "history" / "umbel-ledger.db").exists()


def test_a_store_is_there_once_a_writer_has_made_it(tmp_path: Path) -> None:
    assert not has_store(tmp_path / "history")

    open_store(tmp_path / "history", write=True).close()

    assert has_store(tmp_path / "history")


def test_each_store_in_memory_is_empty_and_its_own() -> None:
    first, second = open_store(MEMORY, write=True), open_store(MEMORY, write=True)
    first.apply(succeeded(uuid_of(1), BASE))

    assert second.status().tasks == 0
    assert first.id != second.id
    assert not has_store(MEMORY)


@pytest.mark.parametrize("url", ["postgresql://ana:hush@db/umbel", "clickhouse://ana:hush@ch"])
def test_what_a_later_version_opens_is_said_without_its_password(url: str) -> None:
    with pytest.raises(StoreError, match=r"cannot be a store yet") as refused:
        open_store(url, write=False)

    assert "hush" not in str(refused.value)
    assert "sqlite:///directory" in (refused.value.remedy or "")


@pytest.mark.parametrize("url", ["redis://:hush@broker/0", "sqlite://history", "sqlite:///"])
def test_an_address_of_something_else_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match=r"Nothing is known|names no directory") as refused:
        open_ledger(url)

    assert "hush" not in str(refused.value)
    assert refused.value.remedy
