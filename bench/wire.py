"""The bytes of a publish on each transport, and sockets that take them.

Redis: RESP `PUBLISH` of kombu's envelope to `/{db}.celeryev/{routing key}`
(kombu/transport/redis.py, virtual/base.py). AMQP 0-9-1: method, header and body frames of
basic.publish on channel 1; the connection itself is opened and closed by py-amqp.
"""

from __future__ import annotations

import json
import socket
from base64 import b64encode
from struct import pack
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

import amqp

_SEND_BUFFER: Final = 1 << 20


class Wire(Protocol):
    """One transport's encoding and connection. `base64` tells how bodies are carried."""

    base64: bool

    def publish(self, routing_key: str, body: bytes, hostname: str) -> bytes:
        """The bytes that publish `body` to the event exchange."""

    def connect(self) -> None:
        """Connect to the broker."""

    def send(self, data: bytes) -> None:
        """Send published bytes; waits while the broker is slow to take them."""

    def finish(self) -> int | None:
        """Wait until the broker has taken everything, disconnect, and say to how many
        receivers the messages went in all, where the broker tells."""


def wire_for(url: str) -> Wire:
    """The wire of a broker's URL (`redis://` or `amqp://`)."""
    return RedisWire(url) if url.startswith("redis") else AmqpWire(url)


class RedisWire:
    base64 = True

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "127.0.0.1", parts.port or 6379)
        self._password = unquote(parts.password) if parts.password else None
        self._db = parts.path.strip("/") or "0"
        self._socket = socket.socket()
        self._answers = bytearray()
        self._sent = 0
        self._answered = 0
        self._receivers = 0

    def publish(self, routing_key: str, body: bytes, hostname: str) -> bytes:
        envelope = {
            "body": b64encode(body).decode(),
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {"hostname": hostname},
            "properties": {
                "delivery_mode": 1,
                "delivery_info": {"exchange": "celeryev", "routing_key": routing_key},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": "8524ee04-05db-4556-9c4e-bd5ec7c54360",
            },
        }
        channel = f"/{self._db}.celeryev/{routing_key}".encode()
        return _resp(b"PUBLISH", channel, json.dumps(envelope).encode())

    def connect(self) -> None:
        self._socket = socket.create_connection(self._address)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        if self._password:
            self._socket.sendall(_resp(b"AUTH", self._password.encode()))
            self._socket.recv(64)

    def send(self, data: bytes) -> None:
        self._sent += data.count(b"*3\r\n$7\r\nPUBLISH")
        self._socket.sendall(data)
        self._drain(socket.MSG_DONTWAIT)

    def finish(self) -> int:
        while self._answered < self._sent:
            self._drain(0)
        self._socket.close()
        return self._receivers

    def _drain(self, flags: int) -> None:
        """Count the answers (`:receivers`) that have come."""
        try:
            self._answers += self._socket.recv(1 << 16, flags)
        except BlockingIOError:
            return
        *answers, rest = self._answers.split(b"\r\n")
        self._answers = rest
        self._answered += len(answers)
        self._receivers += sum(int(answer[1:]) for answer in answers)


class AmqpWire:
    base64 = False

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = amqp.Connection(
            host=f"{parts.hostname or '127.0.0.1'}:{parts.port or 5672}",
            userid=unquote(parts.username or "guest"),
            password=unquote(parts.password or "guest"),
            virtual_host=unquote(parts.path[1:]) or "/",
            heartbeat=0,
            # py-amqp gives up on a broker that takes nothing for a second; a busy one
            # makes publishers wait longer than that.
            socket_settings={socket.TCP_USER_TIMEOUT: 60_000},
        )

    def publish(self, routing_key: str, body: bytes, hostname: str) -> bytes:
        method = pack(">HHH", 60, 40, 0) + _short("celeryev") + _short(routing_key) + b"\0"
        table = _short("hostname") + b"S" + _long(hostname.encode())
        # Flags of the properties that follow: content type and encoding, headers, delivery
        # mode and priority.
        properties = pack(">H", 0b1111_1000_0000_0000) + _short("application/json")
        properties += _short("utf-8") + _long(table) + b"\x01\x00"
        header = pack(">HHQ", 60, 0, len(body)) + properties
        return _frame(1, method) + _frame(2, header) + _frame(3, body)

    def connect(self) -> None:
        self._connection.connect()
        channel = self._connection.channel(1)
        channel.exchange_declare("celeryev", "topic", durable=True, auto_delete=False)

    def send(self, data: bytes) -> None:
        self._connection.transport.sock.sendall(data)

    def finish(self) -> None:
        # Channel methods are handled in order: the answer means that all before was taken.
        channel = self._connection.channels[1]
        channel.exchange_declare("celeryev", "topic", durable=True, auto_delete=False)
        self._connection.close()


def _resp(*parts: bytes) -> bytes:
    head = b"*%d\r\n" % len(parts)
    return head + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)


def _frame(kind: int, payload: bytes) -> bytes:
    return pack(">BHI", kind, 1, len(payload)) + payload + b"\xce"


def _short(text: str) -> bytes:
    return bytes([len(text)]) + text.encode()


def _long(value: bytes) -> bytes:
    return pack(">I", len(value)) + value
