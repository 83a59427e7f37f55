"""A second collector of a data directory stands by, and takes over when the first is killed."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.support.processes import Process
from tests.support.sources import celery_app, say
from tests.support.umbels import umbel_command
from tests.support.waiting import wait_until
from umbel.errors import StoreError
from umbel.services.ingest.standby import UNCOMMITTED_S
from umbel.store.sqlite import SqliteStore

#: Tasks of which something is said before, during and after the change.
SAID = ("not committed", "between", "after")

pytestmark = pytest.mark.redis


def collector(url: str, directory: Path, name: str) -> Process:
    log = directory.with_name(f"{name}.log")
    arguments = ("collect", "-b", url, "--data", str(directory), "--collector-name", name)
    return umbel_command(*arguments, log=log)


def connected(directory: Path) -> set[str]:
    """The names of collectors that are connected and have not ended."""
    try:
        store = SqliteStore(directory, write=False)
    except StoreError:  # it is just being made
        return set()
    found = store.collectors()
    store.close()
    return {each.collector for each in found if each.broker == "connected" and each.ended is None}


def known(directory: Path, uuid: str) -> bool:
    store = SqliteStore(directory, write=False)
    task = store.task(uuid)
    store.close()
    return task is not None


def reported_at(directory: Path) -> float:
    store = SqliteStore(directory, write=False)
    found = store.collectors()
    store.close()
    return max(each.at for each in found)


def test_the_second_collector_takes_over_within_seconds_of_a_kill_and_misses_nothing(
    redis_url: str, tmp_path: Path
) -> None:
    directory, app = tmp_path / "store", celery_app(redis_url)
    with collector(redis_url, directory, "first") as first:
        wait_until(lambda: connected(directory) == {"first"}, timeout_s=60)
        with collector(redis_url, directory, "second") as second:
            wait_until(lambda: "Standing by" in second.output(), timeout_s=60)
            listens = reported_at(directory)
            wait_until(lambda: reported_at(directory) > listens + UNCOMMITTED_S)
            first.send_signal(signal.SIGSTOP)
            say(app, "not committed")

            first.kill()
            killed = time.monotonic()
            say(app, "between")
            wait_until(lambda: connected(directory) == {"second"})
            assert time.monotonic() - killed < 5
            say(app, "after")
            wait_until(lambda: all(known(directory, uuid) for uuid in SAID))
            second.must_run()

    store = SqliteStore(directory, write=False)
    assert store.gaps() == ()
    assert {each.collector: each.ended is not None for each in store.collectors()} == {
        "first": True,
        "second": True,
    }
    store.close()


def test_a_collector_that_began_to_listen_too_late_tells_the_gap(
    redis_url: str, tmp_path: Path
) -> None:
    directory = tmp_path / "store"
    with collector(redis_url, directory, "first") as first:
        wait_until(lambda: connected(directory) == {"first"}, timeout_s=60)
        first.send_signal(signal.SIGSTOP)
        with collector(redis_url, directory, "second") as second:
            wait_until(lambda: "Standing by" in second.output(), timeout_s=60)
            first.kill()
            wait_until(lambda: connected(directory) == {"second"})

    store = SqliteStore(directory, write=False)
    (gap,) = store.gaps()
    store.close()
    assert (gap.cause, gap.collector) == ("collector-away", "second")


def test_a_collector_that_stands_by_leaves_when_told_to(redis_url: str, tmp_path: Path) -> None:
    directory = tmp_path / "store"
    with collector(redis_url, directory, "first"):
        wait_until(lambda: connected(directory) == {"first"}, timeout_s=60)
        with collector(redis_url, directory, "second") as second:
            wait_until(lambda: "Standing by" in second.output(), timeout_s=60)
            second.end()

            assert second.exit_code == 0
