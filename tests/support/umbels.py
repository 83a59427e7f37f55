"""Umbel itself as real processes, and a small client of its API."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.support.brokers import free_port
from tests.support.processes import Process, children, must_be_gone
from tests.support.waiting import wait_until

#: The command as a user has it.
UMBEL = str(Path(sys.executable).with_name("umbel"))


class Client:
    """Asks a running Umbel; answers are the decoded JSON."""

    def __init__(self, url: str) -> None:
        self.url = url
        # Over HTTP alone: certificates, which take 40 ms to be loaded, are for nobody.
        self.http = httpx.Client(base_url=url, timeout=20, verify=False)  # noqa: S501

    def get(self, path: str, **parameters: str | int | float) -> Any:
        """The answer to GET `/api/v1/{path}`. Raises `httpx.HTTPStatusError`."""
        answer = self.http.get(f"/api/v1/{path}", params=parameters)
        answer.raise_for_status()
        return answer.json()

    def task(self, uuid: str) -> dict[str, Any] | None:
        """The whole task, or None as long as it is unknown."""
        answer = self.http.get(f"/api/v1/tasks/{uuid}")
        if answer.status_code == 404:
            return None
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def rows(self, q: str = "", limit: int = 200) -> list[dict[str, Any]]:
        """Every row that matches, newest first, all pages."""
        rows: list[dict[str, Any]] = []
        page = self.get("tasks", q=q, limit=limit)
        while True:
            rows += page["items"]
            if page["next"] is None:
                return rows
            page = self.get("tasks", q=q, limit=limit, cursor=page["next"])

    def status(self) -> dict[str, Any]:
        """What Umbel says of itself."""
        found: dict[str, Any] = self.get("status")
        return found

    def live(self) -> dict[str, Any]:
        """How current it says it is: `state`, `lag_s` and `sentence`."""
        found: dict[str, Any] = self.status()["live"]
        return found

    def is_up(self, path: str) -> bool:
        """Whether `path` answers 200 now."""
        try:
            return self.http.get(path).status_code == 200
        except httpx.TransportError:
            return False


class Umbel:
    """A running `umbel serve`, its data directory and its address."""

    def __init__(self, process: Process, client: Client, directory: Path) -> None:
        self.process = process
        self.client = client
        self.directory = directory

    def is_up(self) -> bool:
        """Whether it answers. Fails if the process has ended."""
        self.process.must_run()
        return self.client.is_up("/livez")

    def is_live(self) -> bool:
        """Whether it says that what it shows is live."""
        return self.is_up() and self.client.live()["state"] == "live"

    def collector_pid(self) -> int | None:
        """Its collector process, None while none runs."""
        return next(iter(children(self.process.pid)), None)


def umbel_environment(**more: str) -> dict[str, str]:
    """This process's environment without what would configure an Umbel or a Celery."""
    foreign = ("UMBEL_", "CELERY_", "FLOWER_")
    mine = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return mine | more


def umbel_command(
    *arguments: str, log: Path, environment: Mapping[str, str] | None = None
) -> Process:
    """Any `umbel ...` command, started; use it as a context manager."""
    return Process([UMBEL, *arguments], log, env=environment or umbel_environment())


@contextlib.contextmanager
def umbel_serve(
    broker: str,
    directory: Path,
    *options: str,
    port: int | None = None,
    live: bool = True,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Umbel]:
    """`umbel serve` on `broker` that keeps its data in `directory`, ended at the end.

    Yields when it says that it is live, or with `live=False` as soon as it answers at all.
    What it prints goes to `directory`'s neighbour `<name>.log`.
    """
    port = port or free_port()
    arguments = ["serve", "-b", broker, "--data", str(directory), "--port", str(port), *options]
    log = directory.with_name(directory.name + ".log")
    client = Client(f"http://127.0.0.1:{port}")
    with umbel_command(*arguments, log=log, environment=environment) as process, client.http:
        umbel = Umbel(process, client, directory)
        try:
            wait_until(lambda: umbel.is_live() if live else umbel.is_up(), timeout_s=60)
            yield umbel
        finally:
            collectors = children(process.pid)
            process.end()
            for pid in collectors:
                must_be_gone(pid)
