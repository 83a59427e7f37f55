"""While very much comes a process of its own reads Redis: nothing is lost when that begins, ends,
or is killed without being told."""

from __future__ import annotations

import array
import contextlib
import fcntl
import json
import os
import signal
import sys
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery

from tests.support.processes import Process, children, must_be_gone
from tests.support.sources import celery_app, events_in, say, source_of, take
from tests.support.waiting import wait_until
from umbel.broker import reader_process
from umbel.broker.base import EventSource, Frame

pytestmark = pytest.mark.redis

ROOT = Path(__file__).parents[2]


@pytest.fixture
def app(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Celery:
    """Any message is very much here, so that a process reads from the first look on."""
    monkeypatch.setattr(reader_process, "BUSY_FROM", 0)
    monkeypatch.setattr(reader_process, "MEASURED_S", 0.0)
    return celery_app(redis_url)


def session_of(source: EventSource) -> Any:
    return source._session  # type: ignore[attr-defined]


def reads(source: EventSource) -> bool:
    """Whether a process has the connection."""
    process = session_of(source)._process
    return process is not None and process.reads


@contextlib.contextmanager
def read_by_a_process(app: Celery) -> Iterator[EventSource]:
    """A source whose connection a process reads."""
    with source_of(app) as source:
        wait_until(lambda: not source.read(0.05) and reads(source))
        yield source


def pid_of(source: EventSource) -> int:
    pid: int = session_of(source)._process.pid
    return pid


def unread_bytes(source: EventSource) -> int:
    """What waits in the connection's socket."""
    count = array.array("i", [0])
    fcntl.ioctl(session_of(source)._wire.sock.fileno(), termios.FIONREAD, count)
    return count[0]


def publish(app: Celery, count: int, size: int = 0, *, first: int = 0) -> None:
    """So many messages of one event each, in the order of their numbers."""
    with app.connection_for_write() as connection:
        channel: Any = connection.channel()
        database = channel.client.connection_pool.connection_kwargs["db"]
        pipe = channel.client.pipeline(transaction=False)
        for number in range(first, first + count):
            event = {"type": "task-sent", "uuid": str(number), "args": "x" * size}
            body = json.dumps({**event, "hostname": "h@test", "timestamp": 1.8e9})
            message = {"body": body, "content-type": "application/json", "properties": {}}
            pipe.publish(f"/{database}.celeryev/task.sent", json.dumps(message))
        pipe.execute()


def numbers(frames: list[Frame]) -> list[int]:
    return [int(event.uuid) for event in events_in(frames)]


def test_what_it_reads_comes_in_order_and_says_what_it_tells(app: Celery) -> None:
    with read_by_a_process(app) as source:
        publish(app, 2_000)
        frames = take(source, 2_000)

        assert numbers(frames) == list(range(2_000))
        assert {frame.kind for frame in frames} == {"begun"}
        tags = [frame.tag for frame in frames]
        assert tags == sorted(set(tags))


def test_nothing_is_lost_nor_comes_twice_while_readers_take_turns(
    app: Celery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process is told to stop as soon as it reads, and to begin again, under a flood."""
    enough = threading.Event()
    sent = 0

    def flood() -> None:
        nonlocal sent
        while not enough.is_set():
            publish(app, 500, 200, first=sent)
            sent += 500

    with source_of(app) as source:
        thread = threading.Thread(target=flood)
        thread.start()
        frames: list[Frame] = []
        changes, was = 0, False
        deadline = time.monotonic() + 60
        try:
            while changes < 6 and time.monotonic() < deadline:
                monkeypatch.setattr(reader_process, "CALM_S", -1.0 if reads(source) else 60.0)
                frames += source.read(1.0)
                changes += reads(source) != was
                was = reads(source)
        finally:
            enough.set()
            thread.join()
        frames += take(source, sent - len(frames)) if len(frames) < sent else []

        assert numbers(frames) == list(range(sent))
        assert changes == 6
        assert source.health().reconnections == 0


def test_killed_it_is_a_gap_and_the_thread_reads_on(app: Celery) -> None:
    with read_by_a_process(app) as source:
        os.kill(pid_of(source), signal.SIGKILL)
        wait_until(lambda: not source.read(0.05) and source.health().reconnections == 1)
        say(app, "after")

        assert [event.uuid for event in events_in(take(source, 1))] == ["after"]
        assert [gap.cause for gap in source.health().gaps] == ["broker-cut"]
        assert not reads(source)


def test_one_that_cannot_be_started_leaves_the_thread_to_read(
    app: Celery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_process, "_CODE", "raise SystemExit(1)")
    with source_of(app) as source:
        for name in ("a", "b", "c"):
            say(app, name)
            assert [event.uuid for event in events_in(take(source, 1))] == [name]

        assert source.health().reconnections == 0


def test_redis_that_ends_the_connection_is_a_gap(app: Celery, redis_url: str) -> None:
    with read_by_a_process(app) as source, redis.Redis.from_url(redis_url) as client:
        client.client_kill_filter(_type="pubsub", laddr=None)
        wait_until(lambda: not source.read(0.05) and source.health().reconnections == 1)

        assert len(source.health().gaps) == 1


def test_signals_to_the_whole_service_are_not_for_it(app: Celery) -> None:
    with read_by_a_process(app) as source:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(pid_of(source), number)
        say(app, "a")

        assert [event.uuid for event in events_in(take(source, 1))] == ["a"]
        assert source.health().reconnections == 0


def test_who_leaves_gets_what_it_has_read(app: Celery) -> None:
    with read_by_a_process(app) as source:
        pid = pid_of(source)
        publish(app, 1_000)
        wait_until(lambda: unread_bytes(source) == 0)

        assert numbers(list(source.rest())) == list(range(1_000))
        must_be_gone(pid)


def test_one_that_stands_still_keeps_nobody_from_leaving(
    app: Celery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_process, "STOP_S", 0.2)
    with read_by_a_process(app) as source:
        pid = pid_of(source)
        os.kill(pid, signal.SIGSTOP)

        assert source.rest() == ()
        must_be_gone(pid)


def test_it_ends_with_the_collector_however_that_ends(app: Celery) -> None:
    """Both pipes close when a process is killed, whatever it was doing."""
    with read_by_a_process(app) as source:
        process = session_of(source)._process
        process._commands.close()
        process._pipe.close()

        assert process._process.wait(20) == 0


def test_what_it_holds_for_a_collector_that_stands_still_is_bounded(app: Celery) -> None:
    with read_by_a_process(app) as source:
        pid = pid_of(source)
        before = resident_bytes(pid)
        publish(app, 24, 1_000_000)
        wait_until(lambda: unread_bytes(source) > 0)
        held = resident_bytes(pid) - before
        frames = take(source, 24)

        assert numbers(frames) == list(range(24))
        assert held < 24_000_000
        assert source.health().reconnections == 0


def resident_bytes(pid: int) -> int:
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_collector_leaves_it_behind(
    redis_url: str, tmp_path: Path, number: signal.Signals
) -> None:
    code = (
        "import sys\n"
        "from tests.support.collectors import main\n"
        "from umbel.broker import reader_process\n"
        "reader_process.BUSY_FROM, reader_process.MEASURED_S = 0, 0.0\n"
        "sys.exit(main(*sys.argv[1:]))\n"
    )
    command = [sys.executable, "-c", code, redis_url, "celeryev", "memory"]
    with Process(command, tmp_path / "log", cwd=ROOT) as collector:
        (reader,) = wait_until(lambda: children(collector.pid))
        collector.send_signal(number)
        collector.wait()

        must_be_gone(reader)
