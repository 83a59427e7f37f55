"""Passive channels of kombu: they consume without changing anything for other clients.

kombu's virtual transports keep unacknowledged messages themselves, and every consuming channel
restores messages whose consumer seems dead. On Redis it does so by *its own* visibility timeout:
a monitor with the default of one hour would hand out again what an application with twelve hours
is still running. Newer transports also sweep binding tables of others. A monitor must do none of
this, so every channel that Umbel opens is of a class made here.
"""

from __future__ import annotations

from typing import Any

from kombu.transport import virtual


def make_passive(connection: Any) -> None:
    """Make every channel of `connection` (kombu's, not yet made) passive.

    Transports that are not virtual (AMQP) have no such habits and are left alone.
    """
    transport = connection.transport
    if isinstance(transport, virtual.Transport):
        transport.Channel = passive_channel(transport.Channel)


def passive_channel(channel: type[Any]) -> type[Any]:
    """A subclass of a kombu channel class that restores, sweeps and binds nothing."""
    qos = type("PassiveQoS", (_NoRestore, channel.QoS), {})
    members: dict[str, Any] = {"QoS": qos, "do_restore": False, "Message": _undecoded(channel)}
    bases: tuple[type[Any], ...] = (_PassiveChannel, channel)
    if hasattr(channel, "_put_fanout") and hasattr(channel, "keyprefix_fanout"):
        bases = (_NoBindings, *bases)
    return type("PassiveChannel", bases, members)


class _NoRestore:
    """A QoS that leaves unacknowledged messages where they are, others' and its own."""

    def restore_visible(self, *_args: object, **_options: object) -> None:
        return None

    def restore_unacked(self, *_args: object, **_options: object) -> None:
        return None

    def restore_unacked_once(self, *_args: object, **_options: object) -> None:
        return None

    def restore_by_tag(self, *_args: object, **_options: object) -> None:
        return None


class _PassiveChannel:
    """A channel without side jobs."""

    QoS: type[Any]

    def __init__(self, *args: Any, **options: Any) -> None:
        passive_qos = self.QoS
        super().__init__(*args, **options)
        # Without ack_emulation, Redis' channel takes the plain QoS back.
        self.QoS = passive_qos

    def maybe_refresh_binding_expiry(self) -> None:
        return None


class _NoBindings:
    """Redis publishes a fanout whether anybody is bound or not, so a subscriber needs no
    member in the shared binding table, and leaves none behind when it is killed."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._fanout_queues: dict[str, tuple[str, str]] = {}
        super().__init__(*args, **options)

    def _queue_bind(self, exchange: str, routing_key: str, _pattern: str, queue: str) -> None:
        self._fanout_queues[queue] = (exchange, (routing_key or "").replace("#", "*"))

    def _delete(self, *_args: object, **_options: object) -> None:
        return None


def _undecoded(channel: type[Any]) -> type[Any]:
    """kombu decompresses when a message is made, without bound. Ours stays as it came; the
    name of the compression is kept beside it."""

    class Undecoded(channel.Message):  # type: ignore[misc, name-defined]
        compression: str | None = None

        def __init__(self, payload: dict[str, Any], *args: Any, **options: Any) -> None:
            headers = dict(payload.get("headers") or {})
            compression = headers.pop("compression", None)
            super().__init__({**payload, "headers": headers}, *args, **options)
            self.compression = compression if isinstance(compression, str) else None

    return Undecoded
