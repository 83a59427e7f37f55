"""Publisher confirms of RabbitMQ, for many messages at once.

Waiting for each message by itself costs a round trip, and on durable queues a write to disk,
for each. So messages are numbered as they leave, and what has not been confirmed is counted.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import Any

from umbel.errors import BrokerRefused


class Confirms:
    """Publishing on one channel with the broker's confirmations, where it gives them:
    elsewhere nothing is ever outstanding."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel
        #: Numbers of messages that the broker has not confirmed, in order.
        self.outstanding: dict[int, None] = {}
        self.published = 0
        #: What the broker could not route: (exchange, routing key, message).
        self.returned: list[tuple[str, str, Any]] = []
        #: Why the broker does not take a message, by its number.
        self.refused: dict[int, Exception] = {}

    @classmethod
    @contextlib.contextmanager
    def of(cls, channel: Any) -> Iterator[Confirms]:
        """Confirmations of what is published on `channel` inside the block."""
        confirms = cls(channel)
        if not hasattr(channel, "confirm_select") or not hasattr(channel, "events"):
            yield confirms
            return
        original, restore = channel.basic_publish, confirms._watch()
        channel.basic_publish = confirms._numbered(original)
        try:
            yield confirms
        finally:
            channel.basic_publish = original
            restore()

    def wait(self, timeout_s: float, at_most: int = 0) -> None:
        """Until no more than `at_most` are outstanding. Raises `TimeoutError` when nothing is
        confirmed for `timeout_s`; what was refused is in `refused`."""
        while len(self.outstanding) > at_most:
            self._channel.connection.drain_events(timeout=timeout_s)

    def _watch(self) -> Callable[[], None]:
        events = self._channel.events
        handlers = {
            "basic_ack": self._on_ack,
            "basic_nack": self._on_nack,
            "basic_return": self._on_return,
        }
        for name, handler in handlers.items():
            events[name].add(handler)
        if not self._channel._confirm_selected:
            self._channel._confirm_selected = True
            self._channel.confirm_select()

        def restore() -> None:
            for name, handler in handlers.items():
                events[name].discard(handler)

        return restore

    def _numbered(self, publish: Callable[..., Any]) -> Callable[..., Any]:
        def numbered(*args: Any, **options: Any) -> Any:
            self.published += 1
            self.outstanding[self.published] = None
            return publish(*args, **options)

        return numbered

    def _on_ack(self, number: int, multiple: bool) -> None:
        for each in self._settled(number, multiple):
            del self.outstanding[each]

    def _on_nack(self, number: int, multiple: bool) -> None:
        for each in self._settled(number, multiple):
            del self.outstanding[each]
            self.refused[each] = BrokerRefused(
                "The broker refused a message: its queue is full, or not available.",
                remedy="Look at the queue's length limit and at the broker's log.",
            )

    def _settled(self, number: int, multiple: bool) -> list[int]:
        """The outstanding numbers of which the broker says something by this one."""
        if not multiple:
            return [number] if number in self.outstanding else []
        return list(takewhile(lambda each: each <= number, self.outstanding))

    def _on_return(self, _error: Any, exchange: str, routing_key: str, message: Any) -> None:
        self.returned.append((exchange, routing_key, message))
