"""Which of several collectors removes what is old."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from celery import Celery

from tests.support.clocks import SetWallClock
from tests.support.sources import celery_app
from tests.support.waiting import wait_until
from umbel.broker.event_sources import open_source
from umbel.broker.link import link_to_app
from umbel.services.ingest.ingest import Ingest
from umbel.services.ingest.trim_lease import LEASE_S, TrimLease
from umbel.store.base import Retention
from umbel.store.ledger import Ledger
from umbel.store.memory import MemoryStore
from umbel.store.opening import open_ledger

NOW = 1.8e9

#: Takes the lease in the directory it is given and never returns.
HOLDER = f"""
import sys, time
from tests.support.clocks import SetWallClock
from umbel.services.ingest.trim_lease import TrimLease
from umbel.store.opening import open_ledger

assert TrimLease(open_ledger(sys.argv[1]), "eu-1-7", SetWallClock({NOW})).take()
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with contextlib.closing(open_ledger(tmp_path)) as opened:
        yield opened


def test_one_of_two_has_it_for_as_long_as_it_takes_it_again(ledger: Ledger) -> None:
    clock = SetWallClock(NOW)
    one, two = (TrimLease(ledger, "the-same-name", clock) for _ in range(2))

    assert (one.take(), two.take()) == (True, False)
    clock.time += LEASE_S - 1
    assert (one.take(), two.take()) == (True, False)
    clock.time += LEASE_S + 1
    assert (two.take(), one.take()) == (True, False)


def test_who_leaves_lets_the_other_have_it_at_once(ledger: Ledger) -> None:
    clock = SetWallClock(NOW)
    one, two = TrimLease(ledger, "one", clock), TrimLease(ledger, "two", clock)
    assert one.take()

    one.release()

    assert two.take()


def test_a_killed_holder_has_it_until_it_expires_and_no_longer(
    ledger: Ledger, tmp_path: Path
) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.wait()
    holder.stdout.close()
    clock = SetWallClock(NOW + LEASE_S - 1)
    other = TrimLease(ledger, "eu-2-8", clock)

    assert not other.take()
    clock.time += 1
    assert other.take()


class Trims(MemoryStore):
    """Notes who trims, and fails when two do at once."""

    def __init__(self) -> None:
        super().__init__()
        self.trimmers: list[str] = []
        self._trimming = threading.Lock()

    def trim(self, retention: Retention, now: float) -> int:
        assert self._trimming.acquire(blocking=False)
        self.trimmers.append(threading.current_thread().name)
        time.sleep(0.01)
        self._trimming.release()
        return super().trim(retention, now)


@contextlib.contextmanager
def collecting(app: Celery, store: MemoryStore, ledger: Ledger, name: str) -> Iterator[None]:
    stop = threading.Event()
    retention = Retention(max_age_s=1.0)
    source = open_source(link_to_app(app))
    ingest = Ingest(source, store, name=name, ledger=ledger, retention=retention)
    thread = threading.Thread(target=ingest.run, args=(stop,), name=name)
    thread.start()
    yield
    stop.set()
    thread.join(20)


def test_of_two_collectors_one_trims_and_the_other_goes_on_when_it_leaves(
    ledger: Ledger,
) -> None:
    store, app = Trims(), celery_app("memory://", event_exchange=f"ev-{uuid4().hex}")
    with contextlib.ExitStack() as first, contextlib.ExitStack() as second:
        first.enter_context(collecting(app, store, ledger, "one"))
        wait_until(lambda: store.trimmers)
        second.enter_context(collecting(app, store, ledger, "two"))
        seen = len(store.trimmers)
        wait_until(lambda: len(store.trimmers) > seen + 3)
        assert set(store.trimmers) == {"one"}

        first.close()
        seen = len(store.trimmers)
        wait_until(lambda: len(store.trimmers) > seen)

    assert store.trimmers[seen:] == ["two"] * len(store.trimmers[seen:])
