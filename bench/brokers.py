"""Brokers for one run each: a new Redis server, a new virtual host of a RabbitMQ server.

What one subject leaves behind (Umbel a durable queue, which fills up while Flower is
measured) would burden the next.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import amqp

_VHOST: Final = "umbel-bench"


def free_port() -> int:
    """A TCP port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def reachable(port: int) -> bool:
    """Whether something listens on a port of this machine."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
        return True
    return False


#: Opens a broker for one run; its URL.
Broker = Callable[[], AbstractContextManager[str]]


def available(folder: Path, amqp_url: str) -> dict[str, Broker]:
    """The brokers that this machine has, by name. RabbitMQ needs a running server and
    `rabbitmqctl`."""
    found: dict[str, Broker] = {"Redis": lambda: redis(folder)}
    if shutil.which("rabbitmqctl") and reachable(urlsplit(amqp_url).port or 5672):
        found["RabbitMQ"] = lambda: rabbitmq(amqp_url)
    else:
        print("no RabbitMQ with rabbitmqctl on this machine: its part is left out")
    return found


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[str]:
    """A Redis (or Valkey) server with its default limits that keeps nothing on disk."""
    server = shutil.which("redis-server") or shutil.which("valkey-server")
    if server is None:
        raise SystemExit("The bench needs redis-server or valkey-server on the PATH.")
    port = free_port()
    command = [server, "--port", str(port), "--save", "", "--appendonly", "no"]
    with (folder / "redis.log").open("wb") as log:
        process = subprocess.Popen([*command, "--dir", str(folder)], stdout=log)
        try:
            while not reachable(port):
                if process.poll() is not None:
                    raise SystemExit(f"The Redis server did not start; see {log.name}.")
                time.sleep(0.05)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait(10.0)


@contextlib.contextmanager
def rabbitmq(url: str) -> Iterator[str]:
    """A new virtual host on the RabbitMQ server at `url`."""
    parts = urlsplit(url)
    _control("delete_vhost", _VHOST, check=False)
    _control("add_vhost", _VHOST)
    _control("set_permissions", "-p", _VHOST, parts.username or "guest", ".*", ".*", ".*")
    try:
        yield urlunsplit(parts._replace(path=f"/{_VHOST}"))
    finally:
        _control("delete_vhost", _VHOST)


def _control(*command: str, check: bool = True) -> None:
    subprocess.run(["rabbitmqctl", "-q", *command], check=check, capture_output=True)


def version(broker: Broker) -> str:
    """The server's name and version."""
    with broker() as url:
        return _version(url)


def _version(url: str) -> str:
    parts = urlsplit(url)
    if url.startswith("redis"):
        with socket.create_connection((parts.hostname, parts.port or 6379), 5.0) as client:
            client.sendall(b"INFO server\r\n")
            text = client.recv(1 << 16).decode()
        found = next(line for line in text.splitlines() if line.startswith("redis_version"))
        return f"Redis {found.partition(':')[2]}"
    with amqp.Connection(
        f"{parts.hostname}:{parts.port or 5672}",
        userid=parts.username or "guest",
        password=parts.password or "guest",
        virtual_host=parts.path[1:],
    ) as connection:
        connection.connect()
        return f"RabbitMQ {connection.server_properties['version']}"
