"""`umbel workers` over a data directory."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.contract.stories import failed, heartbeat, succeeded, uuid_of
from umbel.cli.start import run
from umbel.services.deploys.fleet import Fleet, SeenWorker
from umbel.services.samples.worker_profiles import WorkerProfile
from umbel.store.opening import open_ledger, open_store
from umbel.store.queue_pauses import QueuePause, StoppedConsumer

Umbel = Callable[..., tuple[int, str, str]]
W1, W2 = "celery@eu-1", "celery@eu-2"


@pytest.fixture
def umbel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Umbel:
    """Runs `umbel workers`: one has told of itself, three tasks of it succeeded, one failed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    now = time.time()
    store = open_store(str(tmp_path / "data"), write=True)
    store.apply([heartbeat(W1, now, active=2, processed=4), heartbeat(W2, now)])
    for number in range(3):
        store.apply(succeeded(uuid_of(number), now - 300 - number, worker=W1))
    store.apply(failed(uuid_of(9), now - 300, worker=W1))
    store.close()
    seen = SeenWorker(pid=10, processed=4, online=now, celery="5.7.0", restarts=[now - 7_200])
    told = WorkerProfile(4, ("mail", "money"), 10, now - 7_200, 60_000)
    ledger = open_ledger(str(tmp_path / "data"))
    fleet = Fleet(since=now, at=now, workers={W1: seen}, profiles={W1: told})
    ledger.keep_fleet(msgspec.json.encode(fleet))
    ledger.close()

    def workers(*arguments: str) -> tuple[int, str, str]:
        code = run(["workers", *arguments, "--data", str(tmp_path / "data")])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return workers


def test_workers_have_what_is_stored_of_each_and_a_sum(umbel: Umbel) -> None:
    code, out, err = umbel()
    head, first, second = (line.split("\t") for line in out.splitlines())

    assert code == 0
    assert dict(zip(head, first, strict=True)) | {"status": ""} == {
        "hostname": W1, "status": "", "running": "2/4", "queues": "mail, money", "succeeded": "3",
        "failed": "1", "memory": "59 MB", "up": "2 h", "restarts": "0",
        "version": "py-celery 5.7.0",
    }  # fmt: skip
    assert second[2:9] == ["0/?", "?", "0", "0", "?", "?", "?"]
    assert err.startswith("2 workers: 2 ")
    assert "3 succeeded, 1 failed.\n" in err


def test_a_paused_queue_is_marked(umbel: Umbel, tmp_path: Path) -> None:
    ledger = open_ledger(str(tmp_path / "data"))
    pause = QueuePause(queue="mail", actor="ann", at=time.time(), action_id="a1")
    ledger.keep_pause(pause, instead_of=None)
    ledger.keep_stopped(pause, [StoppedConsumer(worker=W1, at=pause.at)])
    ledger.close()

    _, first, second = umbel()[1].splitlines()
    assert "\tmoney, mail (paused)\t" in first
    assert "paused" not in second


def test_they_are_found_by_queue_and_told_to_programs(umbel: Umbel) -> None:
    (one,) = map(json.loads, umbel("--find", "MONEY", "--json")[1].splitlines())
    (row,) = csv.DictReader(io.StringIO(umbel("--find", "eu-1", "--since", "3h", "--csv")[1]))

    assert (one["hostname"], one["deployment"], sum(one["trend"])) == (W1, "celery@eu-*", 4)
    assert (row["succeeded"], row["restarts"], row["queues"]) == ("3", "1", "mail money")
    assert umbel("--find", "nothing")[2] == "No worker is so.\n"


def test_a_worker_that_has_ended_runs_nothing(umbel: Umbel, tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "data"), write=True)
    last = heartbeat(W1, time.time(), active=2, processed=4)
    store.apply([msgspec.structs.replace(last, type="worker-offline")])
    store.close()

    _, out, _ = umbel()
    head, first, _ = (line.split("\t") for line in out.splitlines())

    ended = dict(zip(head, first, strict=True))
    assert (ended["status"], ended["running"]) == ("offline", "0/4")
