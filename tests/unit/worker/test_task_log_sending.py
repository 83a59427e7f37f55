"""From a task's loggers to events, without a broker."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from kombu.exceptions import OperationalError

from tests.support.waiting import wait_until
from umbel.worker.task_log import RunLog
from umbel.worker.task_log_handler import TaskLogHandler, running
from umbel.worker.task_log_sender import TaskLogSender


@pytest.fixture
def run() -> Iterator[RunLog]:
    """A run in this thread, with a handler on the root logger."""
    one = RunLog("t1", 0, 5.0, os.getpid(), lines_max=100, max_bytes=100_000)
    handler = TaskLogHandler(logging.INFO)
    token = running.set(one)
    handler.attach()
    logger = logging.getLogger("shop")
    logger.setLevel(logging.DEBUG)
    yield one
    running.reset(token)
    logging.getLogger().removeHandler(handler)
    logging.getLogger("celery.task").removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def lines(run: RunLog) -> list[str]:
    batch = run.batch()
    return [] if batch is None else [line[3] for line in batch["log_lines"][4]]


log = logging.getLogger("shop")


def test_what_a_task_logs_is_taken_from_its_level_on_with_its_error(run: RunLog) -> None:
    log.debug("nobody")
    log.info("order %d", 7)
    logging.getLogger("celery.app.trace").warning("the events say this")
    logging.getLogger("umbel.worker").warning("about the sending itself")
    try:
        raise ValueError("no stock")
    except ValueError:
        log.exception("failed")

    first, second = lines(run)
    assert first == "order 7"
    assert second.startswith("failed\nTraceback")
    assert second.endswith("ValueError: no stock")


def test_outside_of_a_task_nothing_is_taken(run: RunLog) -> None:
    thread = threading.Thread(target=log.info, args=("another thread",))
    thread.start()
    thread.join()
    running.set(None)
    log.info("after the end")

    assert lines(run) == []


class Recursive:
    def __str__(self) -> str:
        log.info("inside: %s", self)
        return "outer"


class Odd:
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_records_that_log_or_have_no_text_harm_nothing(
    run: RunLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    log.propagate = False
    (handler,) = [h for h in logging.getLogger().handlers if isinstance(h, TaskLogHandler)]
    log.addHandler(handler)
    try:
        log.info("%s", Recursive())
        log.info("%d", "x")
        log.info("%s", Odd())
        log.info(Odd())
    finally:
        log.removeHandler(handler)
        log.propagate = True

    assert lines(run) == [
        "outer",
        "%d [its arguments cannot be written: TypeError]",
        "%s [its arguments cannot be written: RuntimeError]",
    ]


class Slow:
    def __str__(self) -> str:
        raise SoftTimeLimitExceeded


@pytest.mark.usefixtures("run")
def test_a_time_limit_interrupts_the_task_while_it_logs() -> None:
    (handler,) = [h for h in logging.getLogger().handlers if isinstance(h, TaskLogHandler)]
    record = logging.LogRecord("shop", logging.INFO, "f", 1, "%s", (Slow(),), None)

    with pytest.raises(SoftTimeLimitExceeded):
        handler.handle(record)


def test_a_process_that_a_task_forks_writes_nothing_into_its_log() -> None:
    other = RunLog("t1", 0, 5.0, os.getpid() + 1, lines_max=100, max_bytes=100_000)
    token = running.set(other)
    record = logging.LogRecord("shop", logging.INFO, "f", 1, "x", (), None)

    assert not TaskLogHandler(logging.INFO).handle(record)
    running.reset(token)


class Broker:
    """Takes messages while it is up."""

    def __init__(self, *, is_up: bool = True) -> None:
        self.is_up = is_up
        self.tried = threading.Event()
        self.taken: list[dict[str, Any]] = []

    def publish(self, batches: list[dict[str, Any]]) -> None:
        self.tried.set()
        if not self.is_up:
            raise OperationalError("Connection refused")
        self.taken += batches

    def texts(self) -> list[str]:
        return [line[3] for batch in self.taken for line in batch["log_lines"][4]]


def test_lines_are_sent_while_the_task_runs_and_at_its_end(run: RunLog) -> None:
    broker = Broker()
    sender = TaskLogSender(broker.publish)
    sender.begin(run)
    log.info("one")
    wait_until(lambda: broker.texts() == ["one"])
    log.info("two")
    sender.end(run)

    sender.close()

    assert broker.texts() == ["one", "two"]


def test_a_dead_broker_holds_nobody_up_and_costs_no_line_that_there_is_room_for(
    run: RunLog,
) -> None:
    broker = Broker(is_up=False)
    sender = TaskLogSender(broker.publish)
    sender.begin(run)
    log.info("one")
    wait_until(broker.tried.is_set)
    log.info("two")
    broker.is_up = True

    sender.close()

    assert broker.texts() == ["one", "two"]
