"""Naming the tasks to act on."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.stories import BASE, begun
from umbel.cli.start import run
from umbel.store.opening import open_store

ONE = "7f0c3f9e-5d0f-4a52-9d0e-0a8f1c2b3d4e"
LIKE_ONE = "7f0c3f00-5d0f-4a52-9d0e-0a8f1c2b3d4e"


@pytest.fixture
def here(tmp_path: Path) -> list[str]:
    """Options that name a history of two tasks whose ids begin alike, and one of an own id."""
    with closing(open_store(tmp_path, write=True)) as store:
        for uuid in (ONE, LIKE_ONE, "order-12"):
            store.apply(begun(uuid, BASE, name="shop.charge"))
    return ["--data", str(tmp_path), "-b", "memory://", "--config", "none"]


def test_a_task_to_act_on_is_named_by_the_beginning_that_a_table_shows(
    here: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run(["revoke", "7f0c3f9e-5…", "order-12", "--dry-run", "--json", *here])

    printed = capsys.readouterr()
    assert json.loads(printed.out)["request"]["ids"] == [ONE, "order-12"]
    assert printed.err == f"7f0c3f9e-5… is {ONE}.\n"


def test_a_beginning_of_several_is_refused(
    here: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["terminate", "7f0c3f", "--yes", *here]) == 1

    assert "several tasks begin with 7f0c3f" in capsys.readouterr().err


def test_an_id_of_an_own_kind_is_never_another_tasks_beginning(
    here: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run(["revoke", "order-1", "--dry-run", "--json", *here])

    assert json.loads(capsys.readouterr().out)["request"]["ids"] == ["order-1"]
