"""The management API of the RabbitMQ of the tests, whose plugin is enabled while it is needed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tests.support.services import absent
from tests.support.waiting import wait_until

MANAGEMENT: Final = os.environ.get("UMBEL_TEST_RABBITMQ_MANAGEMENT", "http://127.0.0.1:15672")
_LOCK: Final = Path(tempfile.gettempdir()) / "umbel-tests-rabbitmq-management.lock"


@contextlib.contextmanager
def management_api() -> Iterator[str]:
    """The URL of the API. Where it does not answer its plugin is enabled, and disabled at the end,
    of one test process after the other."""
    with _LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _answers(MANAGEMENT):
            yield MANAGEMENT
            return
        program = shutil.which("rabbitmq-plugins")
        if program is None:
            absent("RabbitMQ's management API", "the program rabbitmq-plugins is not installed")
        _plugin(program, "enable")
        try:
            wait_until(lambda: _answers(MANAGEMENT), timeout_s=30, what="the management API")
            yield MANAGEMENT
        finally:
            _plugin(program, "disable")


def _plugin(program: str, deed: str) -> None:
    done = subprocess.run(
        [program, deed, "rabbitmq_management"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        absent("RabbitMQ's management API", done.stderr[-300:])


def _answers(url: str) -> bool:
    address = urlsplit(url)
    try:
        socket.create_connection((address.hostname, address.port or 80), 2).close()
    except OSError:
        return False
    return True
