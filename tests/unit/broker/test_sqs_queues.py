"""Queues of Amazon SQS, as kombu's channel gives them: looked at, never made."""

from __future__ import annotations

import pytest

from umbel.broker.link import link_to_url
from umbel.broker.pooled_connection import PooledConnection
from umbel.broker.queues import VirtualQueues
from umbel.clock import SystemClock
from umbel.errors import BrokerRefused


class NotThere(Exception):
    """What kombu raises for a queue that it does not find."""


NotThere.__module__ = "kombu.transport.SQS.exceptions"


class SqsChannel:
    """Answers as kombu's channel does, which makes a queue that it is asked about."""

    def __init__(self, **messages: int) -> None:
        self.messages = messages

    def _resolve_queue_url(self, name: str) -> str:
        if name not in self.messages:
            raise NotThere(f"Queue with name '{name}' doesn't exist in SQS.")
        return f"https://sqs.example/{name}"

    def _size(self, name: str) -> int:
        return self.messages.setdefault(name, 0)

    def queue_purge(self, name: str) -> int:
        counted = 10 * self.messages.setdefault(name, 0)
        self.messages[name] = 0
        return counted


class Connection:
    def __init__(self, channel: SqsChannel) -> None:
        self._channel = channel

    def channel(self) -> SqsChannel:
        return self._channel


@pytest.fixture
def channel() -> SqsChannel:
    return SqsChannel(jobs=7)


@pytest.fixture
def pooled(channel: SqsChannel) -> PooledConnection:
    return PooledConnection(Connection(channel), link_to_url("memory://"))


def test_a_queue_tells_how_many_messages_wait(pooled: PooledConnection) -> None:
    (depth,) = VirtualQueues(SystemClock()).depths(pooled, ["jobs"])

    assert (depth.ready, depth.trouble) == (7, None)


def test_a_queue_that_is_not_there_is_said_so_and_is_not_made(
    pooled: PooledConnection, channel: SqsChannel
) -> None:
    queues = VirtualQueues(SystemClock())
    (depth,) = queues.depths(pooled, ["mail"])
    with pytest.raises(BrokerRefused, match="mail"):
        queues.purge(pooled, "mail")

    assert depth.ready is None
    assert "'mail' doesn't exist" in (depth.trouble or "")
    assert channel.messages == {"jobs": 7}


def test_a_purge_tells_how_many_there_were(pooled: PooledConnection, channel: SqsChannel) -> None:
    assert VirtualQueues(SystemClock()).purge(pooled, "jobs") == 7
    assert channel.messages == {"jobs": 0}
