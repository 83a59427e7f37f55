"""A RabbitMQ node of a test's own, which it may stop and start again on the same port."""

from __future__ import annotations

import os
from pathlib import Path

import amqp

from tests.support.brokers import free_port
from tests.support.processes import Process
from tests.support.services import absent
from tests.support.waiting import wait_until

#: Debian's own wrapper becomes another user, so the program behind it is started.
_SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


class RabbitNode:
    """It keeps what is durable in `directory` while it is stopped."""

    def __init__(self, directory: Path) -> None:
        if not _SERVER.exists():
            absent("A RabbitMQ server of one's own", f"{_SERVER} is not there")
        self.port = free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        self._directory = directory
        self._process: Process | None = None
        directory.mkdir(parents=True, exist_ok=True)
        self._environment = os.environ | {
            "HOME": str(directory),
            "RABBITMQ_NODENAME": f"umbel{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(directory / "mnesia"),
            "RABBITMQ_LOG_BASE": str(directory / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(directory / "none"),
            # Threads that have nothing to do sleep instead of spinning.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",
        }

    def start(self) -> None:
        """Start it and wait until it answers."""
        log = self._directory / "node.log"
        self._process = Process([str(_SERVER)], log, env=self._environment, patience_s=30)
        wait_until(self.answers, timeout_s=60, what="RabbitMQ to answer")

    def answers(self) -> bool:
        """Whether somebody may log in now."""
        try:
            connection = amqp.Connection(f"127.0.0.1:{self.port}", connect_timeout=2)
            connection.connect()
            connection.close()
        except (OSError, amqp.AMQPError):
            return False
        return True

    def stop(self) -> None:
        """End it in order; may be called twice."""
        if self._process is not None:
            self._process.end()
            self._process = None

    def drop(self) -> None:
        """End it at once: what it keeps is no longer needed."""
        if self._process is not None:
            self._process.kill_group()
            self._process = None
