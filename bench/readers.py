"""What readers who do not read cost: pages with the largest texts, asked for and left unread.

Sixty connections ask for a page and read nothing; then they end and as many others come. What a
server keeps of such answers it must bound and give back.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from bench.brokers import free_port
from bench.client import Client
from bench.processes import stop
from bench.report import Table, Verdict, megabytes
from bench.subject import await_answer, start
from umbel.auth.tokens import make_token
from umbel.cluster.events import Event
from umbel.store.sqlite import SqliteStore
from umbel.store.sqlite.ledger import SqliteLedger

#: Bounds of the promise.
READERS: Final = 60
ROUNDS: Final = 3
MOST: Final = 200e6
TASKS: Final = 120
TEXT_BYTES: Final = 64 * 1024
#: How long the readers of one round stay, and how often memory is looked at, seconds.
_STAY_S: Final = 3.0
_LOOKED_AT_EVERY_S: Final = 0.1
_PEOPLE: Final = ("ada", "bob", "cleo", "dan")
#: What is asked for, by what it is called in the table.
PAGES: Final = {"Umbel's page": "/api/v1/tasks?limit=200", "Flower's list": "/api/tasks"}


class Readers(NamedTuple):
    """Bytes of the web process resident before, at most, and after each round's readers; the
    status of an answer to somebody else while they were there."""

    page: str
    people: int
    before: int
    most: int
    after: tuple[int, ...]
    others: frozenset[int]


def unread(broker: str, folder: Path) -> list[Readers]:
    """Each page, asked for by one person and by several, of a new server."""
    return [
        _measured(broker, folder / f"readers-{number}-{people}", page, people)
        for number, page in enumerate(PAGES)
        for people in (1, len(_PEOPLE))
    ]


def _measured(broker: str, folder: Path, page: str, people: int) -> Readers:
    data = folder / "data"
    data.mkdir(parents=True)
    _fill(data)
    ledger = SqliteLedger(data)
    now = time.time()
    tokens = [make_token(ledger, name, "viewer", now=now, expires_s=None) for name in _PEOPLE]
    other = make_token(ledger, "other", "admin", now=now, expires_s=None)
    ledger.close()
    with _serving(broker, folder, data) as (pid, port):
        before = most = _resident(pid)
        after, others = [], set()
        for _ in range(ROUNDS):
            with _readers(port, PAGES[page], tokens[:people]):
                end = time.monotonic() + _STAY_S
                while time.monotonic() < end:
                    most = max(most, _resident(pid))
                    time.sleep(_LOOKED_AT_EVERY_S)
                others.add(_status(port, other))
            time.sleep(_LOOKED_AT_EVERY_S)
            after.append(_resident(pid))
    return Readers(page, people, before, most, tuple(after), frozenset(others))


def _fill(data: Path) -> None:
    store = SqliteStore(data, write=True)
    text, now = "x" * (TEXT_BYTES - 2), time.time()
    for number in range(TASKS):
        uuid = f"{number:08d}-0000-4000-8000-000000000000"
        one = Event(
            type="task-received", timestamp=now, hostname="bench@one", pid=1, clock=1, uuid=uuid,
            name="bench.large", args=text, kwargs=text,
        )  # fmt: skip
        end = Event(
            type="task-succeeded", timestamp=now, hostname="bench@one", pid=1, clock=2, uuid=uuid,
            result=text, runtime=1.0,
        )  # fmt: skip
        store.apply([one, end])
    store.close()


@contextmanager
def _serving(broker: str, folder: Path, data: Path) -> Iterator[tuple[int, int]]:
    """The web process and the port of a server with a login."""
    port, log = free_port(), folder / "umbel.log"
    command = [
        *(sys.executable, "-m", "umbel", "serve", f"--broker={broker}", f"--data={data}"),
        *(f"--port={port}", "--address=127.0.0.1", "--auth-users=root:admin:bench-only"),
    ]
    process = start(command, log, {})
    try:
        await_answer(process, log, lambda: Client(port).get("/readyz").status == 200)
        yield process.pid, port
    finally:
        stop(process)


@contextmanager
def _readers(port: int, path: str, tokens: Sequence[str]) -> Iterator[None]:
    """Connections that ask, read nothing, and end with the block."""
    with ExitStack() as opened:
        for number in range(READERS):
            one = opened.enter_context(socket.create_connection(("127.0.0.1", port), 10.0))
            token = tokens[number % len(tokens)]
            one.sendall(
                f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                f"Authorization: Bearer {token}\r\n\r\n".encode()
            )
        yield


def _status(port: int, token: str) -> int:
    with socket.create_connection(("127.0.0.1", port), 30.0) as one:
        one.sendall(
            f"GET /api/v1/tasks?limit=10 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Authorization: Bearer {token}\r\nConnection: close\r\n\r\n".encode()
        )
        return int(one.recv(64).split()[1])


def _resident(pid: int) -> int:
    """Bytes of one process, without its children."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def table(found: list[Readers]) -> Table:
    head = ("", "readers", "before", "at most", "after each round", "others are answered")
    rows = tuple(
        (
            one.page,
            f"{READERS} of {one.people} " + ("person" if one.people == 1 else "people"),
            megabytes(one.before),
            megabytes(one.most),
            ", ".join(map(megabytes, one.after)),
            "yes" if one.others == {200} else f"no: {sorted(one.others)}",
        )
        for one in found
    )
    note = (
        "Resident memory of the web process alone. Each row is a server of its own, with "
        f"{TASKS} tasks of three texts of {TEXT_BYTES // 1024} kB."
    )
    return Table(f"{ROUNDS} rounds of {READERS} connections that read nothing", head, rows, (note,))


def verdicts(found: list[Readers]) -> tuple[Verdict, ...]:
    most = max(found, key=lambda one: one.most)
    return (
        Verdict(
            f"resident memory, web, {READERS} readers who do not read",
            f"under {megabytes(MOST)}, others are answered",
            f"{megabytes(most.most)} ({most.page}, {most.people} asking)",
            most.most < MOST and all(one.others == {200} for one in found),
        ),
    )
