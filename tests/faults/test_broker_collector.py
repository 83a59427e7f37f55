"""A collector process: how it starts, leaves, and what it leaves on RabbitMQ."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from celery import Celery

from tests.support.processes import Process
from tests.support.sources import celery_app, events_in, say, source_of, take
from tests.support.waiting import wait_until
from umbel.broker.link import link_to_app
from umbel.supervise import Supervisor

ROOT = Path(__file__).parents[2]


@pytest.fixture
def app(vhost: str) -> Celery:
    return celery_app(vhost, event_exchange=f"ev-{uuid4().hex}")


def command(app: Celery, store: str = "memory", *more: str) -> list[str]:
    url, exchange = app.conf.broker_url, app.conf.event_exchange
    return [sys.executable, "-m", "tests.support.collectors", url, exchange, store, *more]


def in_queue(app: Celery) -> tuple[int, int]:
    """Messages and consumers of the durable queue; no consumers before it is there."""
    with app.connection_for_write() as connection:
        channel = connection.channel()
        try:
            found = channel.queue_declare(link_to_app(app).queue_name, passive=True)
        except channel.connection.channel_errors:
            return 0, 0
        return found.message_count, found.consumer_count


@pytest.mark.rabbitmq
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_leave_it_settles_what_it_took(
    app: Celery, tmp_path: Path, number: signal.Signals
) -> None:
    with Process(command(app), tmp_path / "log", cwd=ROOT) as collector:
        wait_until(lambda: in_queue(app)[1] == 1)
        say(app, "a", "b")
        wait_until(lambda: in_queue(app) == (0, 1))
        collector.send_signal(number)

        assert collector.wait() == 0
    # The bookmark, by which the next one knows that nothing was dropped.
    wait_until(lambda: in_queue(app) == (1, 0))


@pytest.mark.rabbitmq
def test_killed_it_loses_nothing_that_was_not_committed(app: Celery, tmp_path: Path) -> None:
    """Frozen before anything is sent, so that it certainly commits none of it."""
    with Process(command(app), tmp_path / "log", cwd=ROOT) as collector:
        wait_until(lambda: in_queue(app)[1] == 1)
        collector.send_signal(signal.SIGSTOP)
        say(app, "a", "b", "c")
        wait_until(lambda: in_queue(app)[0] == 0, what="RabbitMQ to hand them out")
        collector.kill()

    with source_of(app) as source:
        assert sorted(event.uuid for event in events_in(take(source, 3))) == ["a", "b", "c"]


@pytest.mark.rabbitmq
def test_it_leaves_with_its_parent(app: Celery, tmp_path: Path) -> None:
    """The supervising process is killed; the collector ends by itself, in order."""
    code = (
        "import sys, time\n"
        "from umbel.supervise import Supervisor\n"
        "Supervisor(sys.argv[1:]).start()\n"
        "time.sleep(60)\n"
    )
    parent = [sys.executable, "-c", code, *command(app, "memory", "supervised")]
    with Process(parent, tmp_path / "log", cwd=ROOT) as supervisor:
        wait_until(lambda: in_queue(app)[1] == 1)
        supervisor.kill()

        wait_until(lambda: in_queue(app)[1] == 0)


def test_a_collector_whose_store_another_one_holds_stands_by_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    app = celery_app("memory://", event_exchange="none")
    supervisor = Supervisor(command(app, "busy", "supervised"))
    supervisor.start()
    wait_until(lambda: supervisor.state().trouble)
    state = supervisor.state()
    supervisor.stop()

    assert state.sentence == (
        "Another Umbel writes here. Stop it first. "
        "Standing by: collecting begins here once that has ended."
    )
    assert supervisor.state().last_exit == 0


@pytest.mark.rabbitmq
def test_a_predecessor_that_is_still_leaving_is_waited_for(app: Celery, tmp_path: Path) -> None:
    with Process(command(app, "leaving"), tmp_path / "log", cwd=ROOT) as collector:
        wait_until(lambda: in_queue(app)[1] == 1)

        assert collector.exit_code is None


def test_a_fault_of_ours_is_told_and_logged(tmp_path: Path) -> None:
    app = celery_app("memory://", event_exchange="none")
    with Process(command(app, "broken"), tmp_path / "log", cwd=ROOT) as collector:
        assert collector.wait() == 1
        assert "The collector failed: RuntimeError: no such luck" in collector.output()


def test_a_broker_that_is_away_does_not_keep_it_from_leaving(tmp_path: Path) -> None:
    app = celery_app("redis://127.0.0.1:1/0", event_exchange="celeryev")
    with Process(command(app), tmp_path / "log", cwd=ROOT) as collector:
        wait_until(lambda: "does not answer" in collector.output())
        collector.send_signal(signal.SIGTERM)

        assert collector.wait() == 0
