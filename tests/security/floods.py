"""What floods have in common: a server process, and connections that ask and read nothing."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.support.processes import Process
from tests.support.waiting import wait_until


class Server:
    """A running `tests.security.serving`."""

    def __init__(self, process: Process, told: Mapping[str, str]) -> None:
        self.process = process
        self.url = told["url"]
        self._tokens = told

    def headers(self, role: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self._tokens[role]}"}

    def client(self, role: str | None = None) -> httpx.Client:
        headers = self.headers(role) if role else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)

    def rss_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text("utf-8")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1_024

    @contextmanager
    def asking(self, count: int, path: str, role: str) -> Iterator[list[socket.socket]]:
        """So many connections that ask for `path` and read nothing, while the block runs;
        `{}` in the path is their number."""
        where = urlsplit(self.url)
        with ExitStack() as opened:
            sockets = []
            for number in range(count):
                one = socket.create_connection((where.hostname, where.port), timeout=10)
                opened.callback(one.close)
                head = "".join(f"{name}: {value}\r\n" for name, value in self.headers(role).items())
                asked = f"GET {path.format(number)} HTTP/1.1\r\nHost: {where.netloc}\r\n{head}\r\n"
                one.sendall(asked.encode())
                sockets.append(one)
            yield sockets


@contextmanager
def serving(log: Path) -> Iterator[Server]:
    command = [sys.executable, "-m", "tests.security.serving", str(log.parent / "data")]
    with Process(command, log, cwd=Path(__file__).parents[2]) as process:

        def told() -> Mapping[str, str] | None:
            lines = [line for line in log.read_text("utf-8").splitlines() if line.startswith("{")]
            found: dict[str, str] | None = json.loads(lines[0]) if lines else None
            return found

        yield Server(process, wait_until(told))
