"""Publishing to Redis in batches: one round trip for hundreds of messages.

The same commands with the same keys as kombu's, which sends each by itself.
Source: kombu/transport/redis.py (`_put`, `_put_fanout`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from kombu.utils import json

from umbel.broker.redis_keys import RedisKeys

_dumps: Any = json.dumps


class RedisBatch:
    """What is published on one channel, until `wait` hands it to Redis. Has the shape of
    `Confirms`: a message is outstanding until Redis has answered its batch."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel
        self._keys = RedisKeys.of(channel)
        self._pipe = self._keys.client.pipeline(transaction=False)
        self.outstanding: dict[int, None] = {}
        self.published = 0
        self.returned: list[tuple[str, str, Any]] = []
        #: Why Redis does not take a message, by its number.
        self.refused: dict[int, Exception] = {}
        #: The number of the message of each command.
        self._numbers: list[int] = []

    @classmethod
    @contextlib.contextmanager
    def of(cls, channel: Any) -> Iterator[RedisBatch]:
        """A batch of what is published on `channel` inside the block. What was not waited for
        is not sent."""
        batch = cls(channel)
        channel._put, channel._put_fanout = batch._put, batch._put_fanout
        try:
            yield batch
        finally:
            del channel._put, channel._put_fanout
            batch._pipe.reset()

    def wait(self, _timeout_s: float, _at_most: int = 0) -> None:
        """Hand everything to Redis, which refuses each command by itself: a list that its user may
        not write, a message for which it has no memory. Raises what the connection does."""
        if not self.outstanding:
            return
        numbers, self._numbers = self._numbers, []
        answers = self._pipe.execute(raise_on_error=False)
        self.outstanding.clear()
        for number, answer in zip(numbers, answers, strict=True):
            if isinstance(answer, Exception):
                self.refused.setdefault(number, answer)

    def _put(self, queue: str, message: dict[str, Any], **_options: object) -> None:
        step = self._channel.priority(self._channel._get_message_priority(message, reverse=False))
        number = self._next()
        self._pipe.lpush(self._keys.queue(queue, step), _dumps(message))
        self._numbers.append(number)

    def _put_fanout(
        self, exchange: str, message: dict[str, Any], routing_key: str, **_options: object
    ) -> None:
        channel = self._channel
        if hasattr(channel, "_get_publish_topics"):
            topics = channel._get_publish_topics(exchange, routing_key)
        else:
            topics = [channel._get_publish_topic(exchange, routing_key)]
        number = self._next()
        for topic in topics:
            self._pipe.publish(self._keys.prefix + topic, _dumps(message))
            self._numbers.append(number)

    def _next(self) -> int:
        self.published += 1
        self.outstanding[self.published] = None
        return self.published
