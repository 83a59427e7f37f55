"""`umbel workflows` and `umbel workflow` over a data directory, and the Python API on the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contract.stories import BASE, begun, failed, placed, succeeded, uuid_of
from umbel import Events, get_workflow, workflows
from umbel.cli.start import run
from umbel.store.opening import open_ledger, open_store
from umbel.store.queue_pauses import QueuePause

Umbel = Callable[..., tuple[int, str, str]]
ROOT = uuid_of(1)
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"sort_by": "best"}, "sort_by is one of newest"),
    ({"state": "odd"}, "state is one of running"),
    ({"limit": 0}, "limit is a number"),
]


@pytest.fixture
def umbel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Umbel:
    """Runs `umbel`: an order whose second task failed, before a third that never came, and one
    that went well, of which no worker told what follows."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    store = open_store(str(tmp_path / "data"), write=True)
    store.apply(succeeded(ROOT, BASE, name="shop.order"))
    pay = failed(uuid_of(2), BASE + 5, name="shop.pay", root=ROOT, parent=ROOT)
    store.apply(placed(pay, chain=((uuid_of(3), "shop.ship"),)))
    store.apply(succeeded(uuid_of(10), BASE + 60, name="shop.mail"))
    store.apply(succeeded(uuid_of(11), BASE + 62, root=uuid_of(10), parent=uuid_of(10)))
    store.close()

    def command(*arguments: str) -> tuple[int, str, str]:
        code = run([*arguments, "--data", str(tmp_path / "data")])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


def test_workflows_are_listed_with_what_failed(umbel: Umbel) -> None:
    code, out, err = umbel("workflows")
    head, mail, order = (line.split("\t") for line in out.splitlines())

    assert (code, err) == (0, "")
    assert head == ["id", "name", "state", "ended", "blocked", "began", "took", "failing"]
    assert mail[1:5] == ["shop.mail", "succeeded", "2 of 2", ""]
    assert order[1:5] == ["shop.order", "failed", "2 of 2", "1"]
    assert order[7] == "shop.pay"
    assert json.loads(umbel("workflows", "--state", "blocked", "--json")[1])["root_id"] == ROOT
    assert umbel("workflows", "name:nothing")[2] == "No workflow matches.\n"


def test_one_is_shown_with_what_will_not_run(umbel: Umbel) -> None:
    code, out, err = umbel("workflow", ROOT)
    rows = [line.split("\t") for line in out.splitlines()]

    assert code == 0
    assert [row[1:3] for row in rows[1:]] == [
        ["shop.order", "SUCCESS"], ["shop.pay", "FAILURE"], ["shop.ship", "blocked"],
    ]  # fmt: skip
    assert err == "failed: 2 of 2 tasks have ended.\n"
    assert "is not known" in umbel("workflow", uuid_of(10))[2]
    assert json.loads(umbel("workflow", ROOT, "--json")[1])["expected"][0]["failed"] == [uuid_of(2)]
    assert umbel("workflow", "nothing")[0] != 0


def test_who_paused_the_queue_in_which_a_task_waits_is_printed(
    umbel: Umbel, tmp_path: Path
) -> None:
    pausing = open_ledger(str(tmp_path / "data"))
    pausing.keep_pause(
        QueuePause(queue="mail", actor="ann", at=BASE, action_id="a", reason="SMTP is down"),
        instead_of=None,
    )
    pausing.close()
    store = open_store(str(tmp_path / "data"), write=True)
    store.apply(begun(uuid_of(4), BASE + 6, root=ROOT, parent=ROOT, queue="mail")[:1])
    store.close()

    listed = umbel("workflows", "--state", "paused")[1].splitlines()[1].split("\t")

    assert listed[4] == "1, 1 in paused mail"
    said = umbel("workflow", ROOT)[2]
    assert "1 task waits in the queue mail, which is paused by ann since" in said


@pytest.mark.usefixtures("umbel")
def test_python_gives_the_same(tmp_path: Path) -> None:
    with Events(directory=tmp_path / "data") as events:
        (order,) = workflows(events, state="blocked").items
        whole = get_workflow(events, order.root_id)

        assert whole is not None
        assert [each.name for each in whole.expected] == ["shop.ship"]
        assert get_workflow(events, "nothing") is None
        for wrong, sentence in WRONG:
            with pytest.raises(ValueError, match=sentence):
                workflows(events, **wrong)


def test_a_workflow_is_found_by_the_beginning_of_its_id_as_tables_cut_it(
    umbel: Umbel, tmp_path: Path
) -> None:
    store = open_store(str(tmp_path / "data"), write=True)
    store.apply(succeeded("7f0c3f9e-5d0f-4a52-9d0e-0a8f1c2b3d4e", BASE + 90, name="shop.alone"))
    store.close()

    code, out, _ = umbel("workflow", "7f0c3f9e-…")

    assert code == 0
    assert "shop.alone" in out
    assert umbel("workflow", "nothing-begins-so")[0] == 1
