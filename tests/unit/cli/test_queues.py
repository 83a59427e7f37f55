"""`umbel queues`: how full they are, were an hour ago, and where that is going."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from umbel.broker.base import Capabilities
from umbel.cli import source as cli_source
from umbel.cli.start import run
from umbel.errors import StoreError
from umbel.python.opening import open_settings
from umbel.python.sources import Source
from umbel.services.cluster import queue_list
from umbel.services.cluster.queue_inspection import QueueInspection, QueueList, QueueRow
from umbel.settings import Settings
from umbel.store.opening import open_samples, open_store


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory without tasks."""
    open_store(str(tmp_path / "data"), write=True).close()
    return tmp_path / "data"


def keep(data: Path, ago_s: float, **depths: float) -> None:
    """A sample of so long ago."""
    with closing(open_samples(str(data))) as samples:
        seen = {name: (depth, depth, None, 1.0, None) for name, depth in depths.items()}
        samples.keep("queue", time.time() - ago_s, seen)


class Listing:
    """Runs `umbel queues` where the broker has these queues."""

    def __init__(
        self, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self._data = data
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(
        self, *arguments: str, trouble: str | None = None, **ready: int | None
    ) -> tuple[int, str, str]:
        rows = tuple(
            QueueRow(name=name, ready=number, consumers=1, workers=("w@h",), trouble=trouble)
            for name, number in ready.items()
        )
        found = QueueList(
            items=rows,
            broker="memory://",
            capabilities=Capabilities("memory"),
            at=time.time(),
            missing=(),
            more=0,
        )
        self._monkeypatch.setattr(QueueInspection, "all", lambda *_: found)

        @contextmanager
        def opened(*_: object) -> Iterator[Source]:
            with closing(open_settings(Settings(data=self._data, broker="memory://"))) as source:
                yield source

        self._monkeypatch.setattr(cli_source, "open_source", opened)
        code = run(["queues", *arguments])
        printed = self._capsys.readouterr()
        return code, printed.out, printed.err


@pytest.fixture
def listing(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Listing:
    return Listing(data, monkeypatch, capsys)


def test_queues_say_how_full_they_were_and_where_they_go(data: Path, listing: Listing) -> None:
    keep(data, 3_600, mail=20, money=900, calm=3)
    for ago_s in range(840, 0, -60):
        keep(data, ago_s, mail=500 - ago_s / 2, money=ago_s, calm=3)

    code, out, err = listing(mail=500, money=10, calm=3)

    head, *lines = (line.split("\t") for line in out.splitlines())
    assert head[:4] == ["name", "ready", "hour_ago", "trend"]
    assert [line[:4] for line in lines] == [
        ["mail", "500", "20", "growing"],
        ["money", "10", "900", "draining"],
        ["calm", "3", "3", "steady"],
    ]
    assert (code, err) == (0, "")


def test_programs_get_the_trend_as_json_and_csv(data: Path, listing: Listing) -> None:
    keep(data, 3_600, mail=20)

    (row,) = (json.loads(line) for line in listing("--json", mail=500, new=1)[1].splitlines()[:1])
    found = [*csv.DictReader(io.StringIO(listing("--csv", mail=500, new=1)[1]))]

    assert (row["ready"], row["hour_ago"], row["trend"]) == (500, 20, None)
    assert [(each["hour_ago"], each["trend"]) for each in found] == [("20", ""), ("", "")]


def test_without_samples_nothing_is_claimed_and_said_why(listing: Listing) -> None:
    code, out, err = listing(mail=500)

    assert code == 0
    assert out.splitlines()[1].split("\t")[:4] == ["mail", "500", "?", "?"]
    assert err == (
        "How full queues were is not known: there are no samples of the last hour. umbel serve "
        "takes them while it runs (samples.period).\n"
    )


def test_samples_that_cannot_be_read_do_not_hide_the_queues(
    listing: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise StoreError("The samples are locked.")

    monkeypatch.setattr(queue_list, "sampled_lines", broken)

    code, out, err = listing(mail=500)

    assert code == 0
    assert out.splitlines()[1].startswith("mail\t500\t?\t?")
    assert err.startswith("How full queues were is not known: The samples are locked.")


def test_a_broker_without_queues_is_asked_for_no_samples(listing: Listing) -> None:
    assert listing() == (0, "", "")


def test_why_a_queue_cannot_be_looked_at_is_said(listing: Listing) -> None:
    code, out, err = listing(mail=None, trouble="Redis refused LLEN.")

    assert "mail\t?" in out
    assert "Redis refused LLEN." in err
    assert code == 0
