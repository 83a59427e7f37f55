"""A real server process: addresses, signals, hostile requests."""

from __future__ import annotations

import json
import signal
import socket
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.api.world import World
from tests.support.processes import Process
from tests.support.waiting import wait_until
from umbel.errors import SettingsError
from umbel.web.serving.server import serve

COMMAND = [sys.executable, "-m", "tests.api.serving"]


class Serving:
    """The process and where it listens."""

    def __init__(self, process: Process, url: str) -> None:
        self.process = process
        self.url = url
        self.port = urlsplit(url).port or 0

    def ask(self, raw: bytes) -> bytes:
        """Send these bytes as they are; all that is answered until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            # The server may refuse, and close with bytes unread, before all is sent.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(raw)
            answer = b""
            with suppress(ConnectionResetError):
                while chunk := connection.recv(65_536):
                    answer += chunk
            return answer


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    log = tmp_path / "serving.log"
    with Process(COMMAND, log, cwd=Path(__file__).parents[2]) as process:

        def url() -> str:
            process.must_run()
            first = process.output().partition("\n")[0]
            return first if first.startswith("http") else ""

        yield Serving(process, wait_until(url, what="the address"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_though_streams_are_open(
    serving: Serving, number: signal.Signals
) -> None:
    with (
        httpx.Client(base_url=serving.url, timeout=20) as client,
        client.stream("GET", "/api/v1/live") as one,
        client.stream("GET", "/api/v1/live") as two,
    ):
        lines = one.iter_lines()
        assert next(line for line in lines if line.startswith("event: changes"))
        serving.process.send_signal(number)
        # Both end in order: a stream that is cut off would raise here.
        assert list(lines)
        assert list(two.iter_lines())

    assert serving.process.wait(timeout_s=10) == 0


def test_those_who_read_nothing_and_say_nothing_hold_up_no_end(serving: Serving) -> None:
    asked = (
        b"GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"",
        b"GET /livez HTT",
        b"POST /api/v1/actions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{",
    )
    with ExitStack() as stack:
        for raw in asked:
            opened = socket.create_connection(("127.0.0.1", serving.port), timeout=20)
            stack.enter_context(opened)
            opened.sendall(raw)
        assert httpx.get(f"{serving.url}/livez").text == "ok"
        serving.process.send_signal(signal.SIGTERM)

        assert serving.process.wait(timeout_s=10) == 0

    assert "Traceback" not in serving.process.output()
    assert "Cancel" not in serving.process.output()


def test_a_reader_in_another_process_sees_changes_as_they_come(serving: Serving) -> None:
    with (
        httpx.Client(base_url=serving.url, timeout=20) as client,
        client.stream("GET", "/api/v1/live?q=name:shop.*") as response,
    ):
        lines = response.iter_lines()
        data = next(line for line in lines if line.startswith("data: {") and '"items"' in line)

    assert json.loads(data.removeprefix("data: "))["items"][0]["name"] == "shop.send"


def test_a_head_of_a_million_bytes_is_refused_with_a_problem(serving: Serving) -> None:
    answer = serving.ask(
        b"GET /api/v1/tasks?q=" + b"x" * 1_000_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    )

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in head
    assert json.loads(body)["type"] == "urn:umbel:problem:bad-request"


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
    ],
    ids=["tls", "no-host", "nul", "odd-length"],
)
def test_what_is_not_http_is_refused_and_harms_nobody(serving: Serving, raw: bytes) -> None:
    answer = serving.ask(raw)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert httpx.get(f"{serving.url}/livez").text == "ok"


def test_a_body_without_end_is_refused(serving: Serving) -> None:
    chunk = b"1000\r\n" + b"x" * 0x1000 + b"\r\n"
    answer = serving.ask(
        b"GET /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        + chunk * 100
    )

    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_port_in_use_is_one_sentence_that_names_it_and_the_setting() -> None:
    app = World().app
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(SettingsError) as caught:
            serve(app, "127.0.0.1", port)

    assert str(caught.value) == (
        f"Port {port} of 127.0.0.1 is in use by another program. "
        "Stop that program, or choose another port with --port (UMBEL_PORT)."
    )
    assert caught.value.setting == "port"


def test_of_the_port_of_metrics_its_own_setting_is_named() -> None:
    app = World().app
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(SettingsError) as caught:
            serve(app, "127.0.0.1", 0, metrics_port=port)

    assert str(caught.value) == (
        f"Port {port} of 127.0.0.1 is in use by another program. "
        "Stop that program, or choose another port with --metrics-port (UMBEL_METRICS_PORT)."
    )
    assert caught.value.setting == "metrics.port"


@pytest.mark.parametrize("address", ["192.0.2.7", "no-such-host.invalid"])
def test_an_address_that_is_not_ours_is_one_sentence(address: str) -> None:
    app = World().app

    with pytest.raises(SettingsError) as caught:
        serve(app, address, 0)

    assert caught.value.setting == "address"
    assert address in str(caught.value)


def test_a_unix_socket_is_for_its_user_and_group_and_gone_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "umbel.sock"
    seen: list[str] = []
    app = World().app

    def listening(url: str) -> None:
        seen.extend((url, stat.filemode(path.stat().st_mode)))
        signal.raise_signal(signal.SIGTERM)

    serve(app, "127.0.0.1", 0, path, on_listening=listening)

    assert seen == [f"unix:{path}", "srw-rw----"]
    assert not path.exists()


def test_a_unix_socket_left_behind_is_replaced_and_a_file_is_not(tmp_path: Path) -> None:
    left, file = tmp_path / "left.sock", tmp_path / "file"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(left))
    file.write_text("kept")
    app = World().app

    serve(app, "", 0, left, on_listening=lambda _: signal.raise_signal(signal.SIGTERM))
    with pytest.raises(SettingsError) as caught:
        serve(app, "", 0, file)

    assert caught.value.setting == "unix_socket"
    assert file.read_text() == "kept"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("localhost", "http://localhost:"),
        ("0.0.0.0", "http://localhost:"),  # noqa: S104
        ("127.0.0.1", "http://127.0.0.1:"),
    ],
)
def test_the_address_told_is_one_to_open(address: str, shown: str) -> None:
    seen: list[str] = []
    app = World().app

    def listening(url: str) -> None:
        seen.append(url)
        signal.raise_signal(signal.SIGTERM)

    serve(app, address, 0, url_prefix="/umbel", on_listening=listening)

    assert seen[0].startswith(shown)
    assert seen[0].endswith("/umbel")
    assert not seen[0].startswith(f"{shown}0/")
