"""A steady load for long, while everything is restarted at random: memory and handles stay flat,
and every count is right at the end.

`make soak` runs it for `SOAK_MINUTES` at `SOAK_RATE` events a second; `make test` for less than a
minute. `UMBEL_TEST_SEED` plays the same moments again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from tests.support.applications import WORKERAPP, celery_client
from tests.support.brokers import redis_database
from tests.support.history import assert_files_are_sound
from tests.support.processes import children, must_be_gone
from tests.support.rabbitmq_node import RabbitNode
from tests.support.soak_load import SoakLoad
from tests.support.umbels import Umbel, umbel_environment, umbel_serve
from tests.support.waiting import wait_until
from tests.support.workers import celery_worker
from umbel.query.parse import parse
from umbel.store.opening import open_store

MINUTES = float(os.environ.get("SOAK_MINUTES", "60"))
RATE = int(os.environ.get("SOAK_RATE", "5000"))
#: How many tasks go into one file of the history.
FILE_TASKS = os.environ.get("SOAK_FILE_TASKS", "1000000")
#: How often memory and handles are looked at, seconds.
LOOK_S = 1.0
#: The promise.
RESIDENT_MAX = 200 * 10**6
#: What each further file of so many tasks may take of both.
FILE_BYTES, FILE_HANDLES = 6 * 10**6, 11
EXACT = 10**9

log = logging.getLogger(__name__)


class Usage(msgspec.Struct):
    """What server and collector held together at a moment: bytes, and open files; and how many
    files of tasks the history had."""

    at: float
    resident: int
    handles: int
    files: int

    @property
    def beside_files(self) -> tuple[int, int]:
        """Bytes and handles without those for each further file of tasks."""
        further = self.files - 1
        return self.resident - further * FILE_BYTES, self.handles - further * FILE_HANDLES


class Soak:
    """Everything that runs, each of which may be killed and started again."""

    def __init__(self, folder: Path, dice: random.Random) -> None:
        self.directory = folder / "data"
        self.restarts: Counter[str] = Counter()
        self.usage: list[Usage] = []
        self.sent: list[str] = []
        self._folder, self._dice = folder, dice
        self._running = contextlib.ExitStack()
        self._worker = contextlib.ExitStack()
        self._stopping = threading.Event()
        self._paused = threading.Event()
        self.backend = self._running.enter_context(redis_database())
        self.node = RabbitNode(folder / "rabbitmq")
        self.node.start()
        self._running.callback(self.node.drop)
        self.umbel = self._serve()
        self._start_worker()
        self._threads = [
            threading.Thread(target=each, daemon=True) for each in (self._look, self._send)
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(20)
        self._worker.close()
        self._running.close()

    def restart(self, what: str) -> None:
        """One of `RESTARTS`, until it is there again."""
        self.restarts[what] += 1
        RESTARTS[what](self)

    def kill_collector(self) -> None:
        pid = wait_until(self.umbel.collector_pid, timeout_s=60, what="a collector")
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: self.umbel.collector_pid() not in {None, pid}, timeout_s=60)

    def kill_server(self) -> None:
        pids = children(self.umbel.process.pid)
        os.kill(self.umbel.process.pid, signal.SIGKILL)
        for pid in pids:
            must_be_gone(pid)
        self.umbel = self._serve()

    def restart_server(self) -> None:
        self.umbel.process.end()
        self.umbel = self._serve()

    def restart_broker(self) -> None:
        """While the worker has nothing to tell: its events, unlike those of the load, are not
        persistent, as Celery sends them."""
        self._paused.set()
        try:
            wait_until(self._all_succeeded, timeout_s=120, what="the worker's tasks")
            self.node.stop()
            self.node.start()
        finally:
            self._paused.clear()

    def _all_succeeded(self) -> bool:
        sent = list(self.sent)
        stored = states(self.directory, sent)
        return all(stored.get(uuid) == "SUCCESS" for uuid in sent)

    def kill_worker(self) -> None:
        self._worker.close()
        self._start_worker()

    def wait_until_live(self) -> None:
        wait_until(self.umbel.is_live, timeout_s=120, what="it to be live")

    def stop_sending(self) -> dict[str, str]:
        """What the application knows of the tasks that were sent to the worker, once all ended."""
        self._stopping.set()
        self._threads[1].join(30)
        with celery_client(self.node.url, self.backend) as app:

            def states() -> dict[str, str]:
                return {uuid: app.backend.get_state(uuid) for uuid in self.sent}

            wait_until(lambda: set(states().values()) <= {"SUCCESS"}, timeout_s=90)
            return states()

    def _serve(self) -> Umbel:
        options = ("--result-backend", self.backend)
        environment = umbel_environment(UMBEL_STORE_PARTITION_TASKS=FILE_TASKS)
        serving = umbel_serve(
            self.node.url, self.directory, *options, live=False, environment=environment
        )
        return self._running.enter_context(serving)

    def _start_worker(self) -> None:
        environment = {"UMBEL_TEST_BROKER": self.node.url, "UMBEL_TEST_BACKEND": self.backend}
        self._worker.enter_context(
            celery_worker(WORKERAPP, environment, self._folder / "worker.log", pool="threads")
        )

    def _send(self) -> None:
        """A task for the worker, five times a second."""
        with celery_client(self.node.url, self.backend) as app:
            while not self._stopping.wait(0.2):
                if self._paused.is_set():
                    continue
                with contextlib.suppress(Exception):  # the broker restarts
                    sent = app.send_task(f"{WORKERAPP}.add", (1, 1), retry=False)
                    self.sent.append(str(sent.id))

    def _look(self) -> None:
        while not self._stopping.wait(LOOK_S):
            pids = (self.umbel.process.pid, *children(self.umbel.process.pid))
            with contextlib.suppress(OSError, ValueError, StopIteration):
                files = len(list(self.directory.glob("tasks-*.db")))
                held = sum(map(resident, pids)), sum(map(handles, pids))
                self.usage.append(Usage(time.monotonic(), *held, files))


RESTARTS: dict[str, Callable[[Soak], None]] = {
    "collector killed": Soak.kill_collector,
    "server killed": Soak.kill_server,
    "server restarted": Soak.restart_server,
    "broker restarted": Soak.restart_broker,
    "worker restarted": Soak.kill_worker,
}


def resident(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


def handles(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@pytest.fixture
def dice() -> random.Random:
    """Its seed is told when a test fails, so that its moments can be played again."""
    seed = int(os.environ.get("UMBEL_TEST_SEED", random.randrange(10**9)))
    print(f"UMBEL_TEST_SEED={seed}")  # noqa: T201
    return random.Random(seed)


@pytest.fixture
def soak(tmp_path: Path, dice: random.Random) -> Iterator[Soak]:
    with contextlib.closing(Soak(tmp_path, dice)) as soak:
        soak.wait_until_live()
        yield soak


def counted(directory: Path) -> Counter[str]:
    """The same counts as the load has, of tasks that it told of, by the files."""
    found: Counter[str] = Counter()
    now = time.time()
    shop = parse("name:shop.*")
    with contextlib.closing(open_store(directory, write=False)) as store:
        for by in ("state", "name"):
            count = store.count(shop, now=now, by=by, cap=EXACT, budget_s=300)
            assert count.complete
            found.update({f"{by}:{value}": number for value, number in count.groups.items()})
            found["tasks"] = count.total
        retried = store.count(parse("name:shop.* retries:>=1"), now=now, cap=EXACT, budget_s=300)
        found["retried"] = retried.total
    return found


def states(directory: Path, ids: list[str]) -> dict[str, str]:
    with contextlib.closing(open_store(directory, write=False)) as store:
        return {uuid: task.state for uuid, task in store.tasks(ids).items()}


@pytest.mark.rabbitmq
@pytest.mark.redis
@pytest.mark.parametrize(
    ("minutes", "rate", "pause_s"),
    [
        pytest.param(0.5, 1_000, 3, id="short"),
        pytest.param(
            *(MINUTES, RATE, 40),
            id="long",
            marks=[pytest.mark.soak, pytest.mark.timeout(60 * MINUTES + 1_800)],
        ),
    ],
)
def test_counts_are_right_and_memory_is_flat_after_restarts_of_everything(
    soak: Soak, dice: random.Random, minutes: float, rate: int, pause_s: float
) -> None:
    began = time.monotonic()
    waits = threading.Event()
    with SoakLoad(soak.node.url, rate, dice.randrange(10**9)) as load:
        left = list(RESTARTS)
        dice.shuffle(left)
        while time.monotonic() - began < 60 * minutes or left:
            waits.wait(dice.uniform(0.5, 1.5) * pause_s)
            soak.restart(left.pop() if left else dice.choice(list(RESTARTS)))
        load.stop()
    truth = soak.stop_sending()
    soak.wait_until_live()

    wait_until(lambda: counted(soak.directory) == load.told, timeout_s=300, what=f"{load.told}")
    with contextlib.suppress(AssertionError):
        wait_until(lambda: states(soak.directory, list(truth)) == truth, timeout_s=120)
    stored = states(soak.directory, list(truth))
    assert Counter(stored.get(uuid, "missing") for uuid in truth) == Counter(truth.values())
    thirds = [soak.usage[at * len(soak.usage) // 3 :][: len(soak.usage) // 3] for at in range(3)]
    tell(soak, load, time.monotonic() - began, thirds)
    for held in (0, 1):
        first, second, last = (max(u.beside_files[held] for u in third) for third in thirds)
        assert last <= 1.15 * max(first, second)
    assert max(u.resident for u in soak.usage) < RESIDENT_MAX
    soak.umbel.process.end()
    assert_files_are_sound(soak.directory)


def tell(soak: Soak, load: SoakLoad, took_s: float, thirds: list[list[Usage]]) -> None:
    log.warning(
        "%.1f min, %s events in %s tasks, counts right; %s; sent again %d times; %d by a worker",
        *(took_s / 60, f"{load.events:,}", f"{load.told['tasks']:,}", dict(soak.restarts)),
        *(load.sent_again, len(soak.sent)),
    )
    for name, third in zip(("first", "second", "last"), thirds, strict=True):
        log.warning(
            "%s third: at most %.0f MB resident, %d handles; in the middle %.0f MB, %d handles",
            name,
            *(max(u.resident for u in third) / 1e6, max(u.handles for u in third)),
            *(
                sorted(u.resident for u in third)[len(third) // 2] / 1e6,
                sorted(u.handles for u in third)[len(third) // 2],
            ),
        )
