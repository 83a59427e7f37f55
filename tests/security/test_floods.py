"""Connections in bursts: whoever opens many of them keeps nobody out, and fills no log."""

from __future__ import annotations

import math
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from tests.security.flooding import answers_under_flood, closing_all, opened, served
from tests.support.certificates import make_certificate

#: Nothing; half a head; a head whose body does not come, to an address that asks for no login.
SILENT: Final = b""
HALF: Final = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
BODY: Final = (
    b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 40\r\n\r\n{"
)
FLOODS: Final = pytest.mark.parametrize(
    ("says", "tls"),
    [(SILENT, False), (HALF, False), (BODY, False), (SILENT, True)],
    ids=["silent", "half a head", "body on its way", "before a handshake"],
)


@FLOODS
def test_however_many_connections_are_open_a_new_one_is_answered(
    tmp_path: Path, says: bytes, tls: bool
) -> None:
    certificate = make_certificate(tmp_path) if tls else None
    with served(tmp_path, 128, certificate) as server:
        with ExitStack() as held:
            for _ in range(10):
                held.enter_context(closing_all(opened(server.port, 30, says)))

                assert server.answers()

        assert server.open_files() < 128
        assert len(server.process.output().splitlines()) < 20


@pytest.mark.flood
@FLOODS
@pytest.mark.parametrize("files_max", [1_024, 20_000])
def test_1500_connections_at_once_hold_nobody_up_for_a_second(
    tmp_path: Path, says: bytes, tls: bool, files_max: int
) -> None:
    certificate = make_certificate(tmp_path) if tls else None
    with served(tmp_path, files_max, certificate) as server:
        taken = answers_under_flood(server, 1_500, says, rounds=3)

        assert max(taken) < math.inf
        # Clients and server share the machine, and may have two cores of it.
        assert sorted(taken)[len(taken) // 2] < 1.0
        assert sorted(taken)[len(taken) * 9 // 10] < 2.0
        assert len(server.process.output().splitlines()) < 50
