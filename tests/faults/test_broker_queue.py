"""What became of the event queue on RabbitMQ while nobody read it, or somebody else did."""

from __future__ import annotations

import time
from pathlib import Path
from uuid import uuid4

import pytest
from celery import Celery

from tests.support.sources import celery_app, events_in, say, source_of, take, until_connected
from tests.support.waiting import wait_until
from umbel.broker import event_queue
from umbel.broker.base import EventSource, Missed
from umbel.broker.event_sources import open_source
from umbel.broker.link import DurableQueue, Link, link_to_app, link_to_url
from umbel.cli.start import run
from umbel.store.sqlite import SqliteStore

pytestmark = pytest.mark.rabbitmq
both_ways = pytest.mark.parametrize("fast", [True, False], ids=["fast", "generic"])


@pytest.fixture
def app(vhost: str) -> Celery:
    return celery_app(vhost, event_exchange=f"ev-{uuid4().hex}")


def read_one_and_leave(app: Celery | Link, uuid: str, *, fast: bool = True) -> None:
    """Take in the event that is there, settle it, and go."""
    with source_of(app, fast=fast) as source:
        frames = take(source, 1)
        assert [event.uuid for event in events_in(frames)] == [uuid]
        source.settle(frames[-1].tag)
        source.read(0.05)


def missed(app: Celery | Link, *, fast: bool = True) -> Missed | None:
    """What the next connection finds missing."""
    with source_of(app, fast=fast) as source:
        return source.health().missed


def empty(app: Celery, link: Link | None = None) -> None:
    """As a restart of RabbitMQ does, which drops what is not persistent, as events are not."""
    with app.connection_for_write() as connection:
        channel = connection.channel()
        name = (link or link_to_app(app)).queue_name
        wait_until(lambda: channel.queue_declare(name, passive=True).consumer_count == 0)
        channel.queue_purge(name)


@both_ways
def test_a_queue_that_kept_everything_missed_nothing(app: Celery, fast: bool) -> None:
    with source_of(app, fast=fast):
        say(app, "a")
    assert missed(app, fast=fast) is None
    with source_of(app, fast=fast) as source:
        source.settle(take(source, 1)[-1].tag)
        source.read(0.05)
    say(app, "b")

    assert missed(app, fast=fast) is None


@both_ways
def test_a_queue_that_nobody_ever_wrote_to_missed_nothing(app: Celery, fast: bool) -> None:
    """Not even when what comes first comes while nobody reads."""
    with source_of(app, fast=fast):
        pass
    say(app, "a")

    assert missed(app, fast=fast) is None


@both_ways
@pytest.mark.parametrize("later", [(), ("b",)], ids=["and-nothing-since", "and-more-since"])
def test_a_broker_that_came_back_empty_is_told(
    app: Celery, fast: bool, later: tuple[str, ...]
) -> None:
    with source_of(app, fast=fast):
        say(app, "a")
    read_one_and_leave(app, "a", fast=fast)
    empty(app)
    say(app, *later)

    found = missed(app, fast=fast)

    assert found is not None
    assert found.cause == "broker-restarted"


@both_ways
@pytest.mark.parametrize("kind", ["classic", "quorum"])
def test_a_queue_that_ran_over_is_told_with_the_time_of_what_it_still_has(
    app: Celery, fast: bool, kind: str
) -> None:
    small = link_to_app(app, DurableQueue(kind=kind, max_bytes=2_000))
    with source_of(small, fast=fast):
        say(app, "a")
    read_one_and_leave(small, "a", fast=fast)
    before = time.time()
    say(app, *(f"b{number}" for number in range(30)))

    with source_of(small, fast=fast) as source:
        found = source.health().missed
        (first, *_) = events_in(list(source.read(2.0)))

    assert found is not None
    assert found.cause == "queue-full"
    assert found.until == first.timestamp
    assert before <= first.timestamp <= time.time()


@both_ways
def test_a_loss_while_it_was_disconnected_is_a_gap_since_it_was_last_heard(
    app: Celery, fast: bool
) -> None:
    link = link_to_app(app)
    with source_of(app, fast=fast) as source:
        say(app, "a")
        source.settle(take(source, 1)[-1].tag)
        source.read(0.05)
        lost_at = time.time()
        with app.connection_for_write() as connection:
            connection.channel().queue_delete(link.queue_name)
        wait_until(lambda: source.read(0.05) or source.health().reconnections)

        (gap,) = source.health().gaps
        assert gap.cause == "queue-deleted"
        assert lost_at - 1 < gap.start <= gap.end <= time.time()


def refused(source: EventSource) -> int:
    """Read until the queue is refused as somebody else reads it; how many do."""
    wait_until(lambda: source.read(0.05) or source.health().foreign_consumers)
    return source.health().foreign_consumers


@both_ways
@pytest.mark.parametrize("kind", ["classic", "quorum"])
def test_a_queue_that_somebody_else_reads_is_refused_until_they_leave(
    app: Celery, fast: bool, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads it takes events away, so it does not become half of each."""
    monkeypatch.setattr(event_queue, "LEAVING_S", 0.2)
    link = link_to_app(app, DurableQueue(kind=kind))
    with source_of(link, fast=fast):
        pass
    source = open_source(link, fast=fast)
    with app.connection_for_read() as foreign:
        foreign.channel().basic_consume(link.queue_name, callback=lambda _: None)
        assert refused(source) == 1
        trouble = source.health().trouble or ""
        assert source.health().state == "refused"
    until_connected(source)
    say(app, "a")

    assert [event.uuid for event in events_in(take(source, 1))] == ["a"]
    assert source.health().foreign_consumers == 0
    assert "Another program reads the event queue" in trouble
    assert "stop whoever else reads" in trouble
    source.close()


@both_ways
def test_nobody_else_may_read_the_queue_of_one_who_does(app: Celery, fast: bool) -> None:
    link = link_to_app(app)
    with source_of(app, fast=fast), app.connection_for_read() as foreign:
        channel = foreign.channel()

        with pytest.raises(channel.connection.channel_errors, match="exclusive"):
            channel.basic_consume(link.queue_name, callback=lambda _: None)


@both_ways
def test_on_a_quorum_queue_somebody_who_comes_later_is_noticed(
    app: Celery, fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RabbitMQ keeps nobody away from one."""
    monkeypatch.setattr("umbel.broker.amqp.COUNT_EVERY_S", 0.2)
    monkeypatch.setattr("umbel.broker.generic.COUNT_EVERY_S", 0.2)
    link = link_to_app(app, DurableQueue(kind="quorum"))
    with source_of(link, fast=fast) as source, app.connection_for_read() as foreign:
        foreign.channel().basic_consume(link.queue_name, callback=lambda _: None)

        assert refused(source) == 1


def test_one_who_is_just_leaving_is_waited_for(app: Celery) -> None:
    first = open_source(link_to_app(app))
    until_connected(first)
    second = open_source(link_to_app(app))
    first.close()
    until_connected(second)

    assert second.health().trouble is None
    assert second.health().reconnections == 0
    second.close()


def test_the_queue_that_earlier_versions_shared_is_removed(app: Celery) -> None:
    old = link_to_app(app)
    with source_of(old):
        pass
    with source_of(old.of_store("cafe")):
        pass

    with app.connection_for_write() as connection:
        channel = connection.channel()
        with pytest.raises(channel.connection.channel_errors, match="no queue"):
            channel.queue_declare(old.queue_name, passive=True)


def test_the_queue_of_a_directory_that_is_given_up_is_removed(
    vhost: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "store"
    store = SqliteStore(directory, write=True)
    link = link_to_url(vhost).of_store(store.id)
    store.close()
    monkeypatch.chdir(tmp_path)
    command = ("queue", "forget", "-b", vhost, "--data", str(directory))
    with source_of(link):
        assert run(command) == 1
    told_while_read = capsys.readouterr().err

    wait_until(lambda: run(command) == 0)
    removed = capsys.readouterr().out
    assert run(command) == 0
    again = capsys.readouterr().out

    assert "Stop the collector of this data directory first." in told_while_read
    assert f"Removed the event queue {link.queue_name}" in removed
    assert "There is no event queue" in again
