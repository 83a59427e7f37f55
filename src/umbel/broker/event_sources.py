"""Chooses the session that reads a broker's events: bulk readers for AMQP and Redis, else kombu.

Also removes the durable queue of events (`umbel queue forget`), and checks a broker once.
"""

from __future__ import annotations

import contextlib

from umbel.broker import redis
from umbel.broker.base import EventSource
from umbel.broker.errors import translated
from umbel.broker.link import Link
from umbel.broker.reader_process import ReaderProcesses
from umbel.broker.reconnect import BrokerSession, OpenSession, ReconnectingSource
from umbel.broker.wire import Wakeup
from umbel.clock import Clock, SystemClock


def open_source(link: Link, clock: Clock | None = None, *, fast: bool = True) -> EventSource:
    """The events at `link`, by the fast path if kombu and its driver look as it expects.

    Returns at once and connects when it is first read; raises nothing for a broker that is
    away or says no. `fast=False` always takes kombu's own way.
    """
    clock = clock or SystemClock()
    return ReconnectingSource(
        link, _opener(link, clock, fast), clock, lossless=link.transport == "amqp"
    )


def _opener(link: Link, clock: Clock, fast: bool) -> OpenSession:
    """The other two are imported where they are used: they take Celery's application with them,
    5 MB that a collector on Redis has no use for."""
    template = link.template
    if fast and redis.is_fast(template):
        processes = ReaderProcesses(clock)
        return lambda base, wakeup: redis.RedisSession(link, clock, base, wakeup, processes)

    from umbel.broker import amqp, generic

    if fast and amqp.is_fast(template):
        return lambda base, wakeup: amqp.AmqpSession(link, clock, base, wakeup)
    return lambda base, wakeup: generic.GenericSession(link, clock, base, wakeup)


def remove_event_queue(link: Link) -> str:
    """Remove the queue in which the broker keeps events for one store, and say what was done.
    Raises `BrokerError`."""
    if link.transport != "amqp":
        return f"Nothing to remove: {link.url} keeps no events for anybody who is away."

    from umbel.broker.event_queue import remove_queue

    try:
        waiting = remove_queue(link)
    except Exception as error:
        raise translated(error, link) from error
    if waiting is None:
        return f"There is no event queue {link.queue_name} at {link.url}."
    return (
        f"Removed the event queue {link.queue_name} at {link.url} with {waiting} messages. "
        "It is made again when a collector of this data directory starts."
    )


def check(link: Link, clock: Clock | None = None) -> None:
    """Connect once and leave again. Raises `BrokerRefused` or `BrokerUnreachable`."""
    clock = clock or SystemClock()
    with contextlib.closing(Wakeup()) as wakeup:
        try:
            session: BrokerSession = _opener(link, clock, True)(0, wakeup)
        except Exception as error:
            raise translated(error, link) from error
        session.close()
