"""Channels that change nothing for others.

kombu's virtual transports keep unacknowledged messages themselves. Any channel that consumes
puts those back whose consumer seems dead: on Redis by *its own* visibility timeout, so that
a monitor with the default of one hour hands out again what an application with twelve hours
is still running. Newer ones also sweep binding tables of others. A watcher must do none of
this, so every channel that we open is of a class made here.
"""

from __future__ import annotations

from typing import Any

from kombu.transport import virtual


def disarm(connection: Any) -> None:
    """Let every channel of `connection` (kombu's, not yet made) watch without touching.

    Transports that are not virtual (AMQP) have no such habits and are left alone.
    """
    transport = connection.transport
    if isinstance(transport, virtual.Transport):
        transport.Channel = harmless(transport.Channel)


def harmless(channel: type[Any]) -> type[Any]:
    """A subclass of a kombu channel class that restores, sweeps and binds nothing."""
    qos = type("HarmlessQoS", (_KeepsOff, channel.QoS), {})
    members: dict[str, Any] = {"QoS": qos, "do_restore": False, "Message": _undecoded(channel)}
    bases: tuple[type[Any], ...] = (_Watcher, channel)
    if hasattr(channel, "_put_fanout") and hasattr(channel, "keyprefix_fanout"):
        bases = (_BindsNothing, *bases)
    return type("HarmlessChannel", bases, members)


class _KeepsOff:
    """A QoS that leaves unacknowledged messages where they are, others' and its own."""

    def restore_visible(self, *_args: object, **_options: object) -> None:
        return None

    def restore_unacked(self, *_args: object, **_options: object) -> None:
        return None

    def restore_unacked_once(self, *_args: object, **_options: object) -> None:
        return None

    def restore_by_tag(self, *_args: object, **_options: object) -> None:
        return None


class _Watcher:
    """A channel without side jobs."""

    QoS: type[Any]

    def __init__(self, *args: Any, **options: Any) -> None:
        harmless_qos = self.QoS
        super().__init__(*args, **options)
        # Without ack_emulation, Redis' channel takes the plain QoS back.
        self.QoS = harmless_qos

    def maybe_refresh_binding_expiry(self) -> None:
        return None


class _BindsNothing:
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
