"""Names of kombu's keys in Redis: queues by priority, bindings, unacknowledged messages.

kombu's own client adds the key prefix (`global_keyprefix`) only to the commands that kombu uses.
This one speaks to the same server over the same pool, with names that are complete.
"""

from __future__ import annotations

from typing import Any

import msgspec


class RedisKeys(msgspec.Struct, frozen=True):
    """Names of keys, and a client that takes them as they are."""

    client: Any
    prefix: str
    separator: str
    steps: tuple[int, ...]
    unacked: str
    binding_formats: tuple[str, ...]

    @classmethod
    def of(cls, channel: Any) -> RedisKeys:
        """As the kombu channel `channel` names them."""
        from redis import Redis

        prefix = str(getattr(channel, "global_keyprefix", "") or "")
        formats = [channel.keyprefix_queue]
        # kombu 5.7 keeps a second set of the members that do not expire.
        permanent = getattr(channel, "keyprefix_binding_permanent", None)
        return cls(
            client=Redis(connection_pool=channel.pool),
            prefix=prefix,
            separator=str(channel.sep),
            steps=tuple(int(step) for step in channel.priority_steps),
            unacked=prefix + str(channel.unacked_key),
            binding_formats=tuple(formats + ([permanent] if permanent else [])),
        )

    def queue(self, name: str, step: int = 0) -> str:
        """The list of a queue's messages of one priority step."""
        return f"{self.prefix}{name}{self.separator}{step}" if step else self.prefix + name

    def lists(self, name: str) -> dict[int, str]:
        """All lists of a queue by priority step, in the order in which workers read them."""
        return {step: self.queue(name, step) for step in self.steps}

    def binding(self, exchange: str) -> str:
        """The set of an exchange's bindings."""
        return self.prefix + self.binding_formats[0] % exchange

    def bindings(self, exchange: str) -> tuple[str, ...]:
        """Every set that knows of an exchange's bindings."""
        return tuple(self.prefix + form % exchange for form in self.binding_formats)
