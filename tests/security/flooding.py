"""A server that may open few files, clients that flood it, and one that only wants an answer."""

from __future__ import annotations

import contextlib
import math
import ssl
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from socket import create_connection, socket
from typing import Final
from urllib.parse import urlsplit

from tests.support.processes import Process
from tests.support.waiting import wait_until

_ROOT: Final = Path(__file__).parents[2]
_PROBE: Final = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
#: How long an answer may take before it counts as none, seconds.
PATIENCE_S: Final = 20.0


class Server:
    """A real server process. `tls` is what its clients trust, if it speaks HTTPS."""

    def __init__(self, process: Process, port: int, tls: ssl.SSLContext | None) -> None:
        self.process = process
        self.port = port
        self._tls = tls

    def answers(self) -> bool:
        """Whether a new client is told that it lives."""
        with contextlib.suppress(OSError), self._connected() as client:
            client.sendall(_PROBE)
            answer = b""
            while chunk := client.recv(4_096):
                answer += chunk
            return answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"ok")
        return False

    def open_files(self) -> int:
        """How many files the process has open."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def _connected(self) -> socket:
        plain = create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)
        return self._tls.wrap_socket(plain, server_hostname="127.0.0.1") if self._tls else plain


@contextlib.contextmanager
def served(
    directory: Path, files_max: int, certificate: tuple[Path, Path] | None = None
) -> Iterator[Server]:
    """A server that may open so many files."""
    command = f"ulimit -n {files_max}; exec {sys.executable} -m tests.api.serving 0 "
    command += " ".join(map(str, certificate or ()))
    with Process(["bash", "-c", command], directory / "server.log", cwd=_ROOT) as process:

        def port() -> int:
            process.must_run()
            lines = process.output().splitlines()
            urls = [line for line in lines if line.startswith("http")]
            return urlsplit(urls[0]).port or 0 if urls else 0

        found = wait_until(port, what="the server")
        tls = ssl.create_default_context(cafile=certificate[0]) if certificate else None
        yield Server(process, found, tls)


def answers_under_flood(server: Server, count: int, says: bytes, rounds: int) -> list[float]:
    """How long a new client waits for its answer, seconds, while `count` connections that say this
    and then nothing are opened, and when they are open; again and again. Infinite for an answer
    that did not come."""
    taken: list[float] = []
    with contextlib.ExitStack() as held:
        for _ in range(rounds):
            made: list[socket] = []
            opening = threading.Thread(
                target=lambda: made.extend(opened(server.port, count, says))  # noqa: B023
            )
            opening.start()
            while opening.is_alive():
                taken.append(_time_of_answer(server))
            taken += [_time_of_answer(server) for _ in range(5)]
            held.close()  # those of the round before
            held.enter_context(closing_all(made))
    return taken


def opened(port: int, count: int, says: bytes) -> list[socket]:
    """So many connections that say this and then nothing."""
    made: list[socket] = []
    for _ in range(count):
        with contextlib.suppress(OSError):
            made.append(create_connection(("127.0.0.1", port), timeout=PATIENCE_S))
            made[-1].sendall(says)
    return made


@contextlib.contextmanager
def closing_all(sockets: Sequence[socket]) -> Iterator[None]:
    """Close them in the end."""
    try:
        yield
    finally:
        for each in sockets:
            each.close()


def _time_of_answer(server: Server) -> float:
    began = time.monotonic()
    return time.monotonic() - began if server.answers() else math.inf
