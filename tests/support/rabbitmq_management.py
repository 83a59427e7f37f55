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
_USERS: Final = Path(tempfile.gettempdir()) / "umbel-tests-rabbitmq-management.lock"
_ENABLING: Final = _USERS.with_suffix(".enabling")


@contextlib.contextmanager
def management_api() -> Iterator[str]:
    """The URL of the API. Where it does not answer its plugin is enabled, for all test processes
    that use it meanwhile, and disabled by the last of them."""
    with _USERS.open("a+") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        with _ENABLING.open("w") as enabling:
            fcntl.flock(enabling, fcntl.LOCK_EX)
            if not _answers(MANAGEMENT):
                _plugin("enable")
                users.write("enabled here")
                users.flush()
                wait_until(lambda: _answers(MANAGEMENT), timeout_s=30, what="the management API")
        try:
            yield MANAGEMENT
        finally:
            with contextlib.suppress(BlockingIOError):  # others use it still
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                users.seek(0)
                if users.read():
                    _plugin("disable")
                    users.truncate(0)


def _plugin(deed: str) -> None:
    program = shutil.which("rabbitmq-plugins")
    if program is None:
        absent("RabbitMQ's management API", "the program rabbitmq-plugins is not installed")
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
