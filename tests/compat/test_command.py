"""`celery -A proj flower`, `python -m flower` and `celery.add_command(flower)`."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from pathlib import Path

import click
import pytest
from celery import Celery

from flower import command
from flower.options import options
from tests.support.applications import WORKERAPP, celery_client, task
from tests.support.brokers import free_port, redis_database
from tests.support.processes import Process
from tests.support.umbels import Client, umbel_environment
from tests.support.waiting import wait_until
from tests.support.workers import ROOT, celery_worker

MODULE = (sys.executable, "-m", "flower")
OWN = (
    sys.executable,
    "-c",
    "from celery.bin.celery import main, celery\n"
    "from flower.command import flower\n"
    "celery.add_command(flower)\n"
    "main()\n",
)
SHOP = "from celery import Celery\napp = Celery('shop', broker={!r})\n"


def environment(directory: Path, **more: str) -> dict[str, str]:
    """With the package to be found, whether it is installed or not."""
    path = f"{ROOT / 'compat' / 'src'}"
    return umbel_environment(HOME=str(directory), PYTHONPATH=path, **more)


def ended(directory: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself; the broker is of no known kind."""
    (directory / "shop.py").write_text(SHOP.format("teapot://"))
    return subprocess.run(
        arguments, cwd=directory, env=environment(directory, **more), capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("begin", [MODULE, OWN])
def test_the_application_of_celery_is_the_one_that_is_watched(
    tmp_path: Path, begin: tuple[str, ...]
) -> None:
    done = ended(tmp_path, *begin, "-A", "shop", "flower", "--port=0")

    assert done.returncode == 2
    assert "celery flower: " in done.stderr
    assert "teapot" in done.stderr


def test_without_a_login_it_listens_on_this_machine_and_says_so(tmp_path: Path) -> None:
    done = ended(tmp_path, *MODULE, "-A", "shop", "flower")

    assert "listens on this machine alone" in done.stderr


def test_an_empty_address_is_the_default(tmp_path: Path) -> None:
    done = ended(tmp_path, *MODULE, "-A", "shop", "flower", "--address=", "--unix-socket=")

    assert "listens on this machine alone" in done.stderr
    assert "--address" not in done.stderr


@pytest.mark.parametrize(
    "said",
    [("--basic_auth=ann:a-good-password",), ("--insecure",), ("--address=127.0.0.1",),
     ("--unix-socket=x.sock",)],
)  # fmt: skip
def test_with_one_or_an_address_it_says_nothing(tmp_path: Path, said: tuple[str, ...]) -> None:
    done = ended(tmp_path, *MODULE, "-A", "shop", "flower", *said)

    assert "this machine alone" not in done.stderr


def test_importing_the_plugin_loads_click_alone() -> None:
    code = (
        "import sys, flower.command\n"
        "heavy = [name for name in sys.modules if name.split('.')[0] in ('celery', 'starlette')]\n"
        "own = [name for name in sys.modules if name.startswith('umbel.')]\n"
        "print(heavy, own)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(ROOT), capture_output=True, text=True,
        check=True,
    )  # fmt: skip

    assert done.stdout == "[] ['umbel.errors']\n"


@pytest.mark.redis
def test_with_a_login_it_serves_on_every_address_and_switches_events_on(tmp_path: Path) -> None:
    with contextlib.ExitStack() as running:
        broker = running.enter_context(redis_database())
        workers = {"UMBEL_TEST_BROKER": broker, "UMBEL_TEST_BACKEND": broker}
        log = tmp_path / "worker.log"
        running.enter_context(celery_worker(WORKERAPP, workers, log, events=False))
        app = running.enter_context(celery_client(broker, broker))
        app.conf.task_send_sent_event = False
        (tmp_path / "shop.py").write_text(SHOP.format(broker))
        port = free_port()
        begin = [*MODULE, "-A", "shop", "flower", f"--port={port}", "--basic_auth=ann:a-good-pass"]
        running.enter_context(
            Process(begin, tmp_path / "flower.log", cwd=tmp_path, env=environment(tmp_path))
        )
        client = Client(f"http://127.0.0.1:{port}")
        client.http.auth = ("ann", "a-good-pass")
        running.enter_context(client.http)
        wait_until(lambda: client.is_up("/livez"), timeout_s=60, what="the server")

        def seen() -> bool:
            task(app, "add", 1, 2).delay()
            return any(row["state"] == "SUCCESS" for row in client.rows())

        wait_until(seen, timeout_s=30, what="a task whose worker was told to send events")
        # Another address of this machine.
        with socket.create_connection(("127.0.0.2", port), timeout=5):
            pass


def test_options_come_from_variables_and_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flower.options.options", type(options)())
    monkeypatch.setenv("FLOWER_PORT", "7777")
    monkeypatch.setenv("FLOWER_UNAUTHENTICATED_API", "1")

    command.apply_env_options()
    command.apply_options("flower", ["--unix-socket=x", "--debug", "-A", "proj", "--broker=y"])

    import flower.options

    given = flower.options.options.given()
    assert given == {"port": 7777, "unix_socket": "x", "debug": True}


def test_a_file_is_read_and_the_command_line_goes_before_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("flower.options.options", type(options)())
    (tmp_path / "conf.py").write_text("port = '8443'\nbasic_auth = ['a:b', 'c:d']\nhelper = 1\n")

    command.apply_options("flower", [f"--conf={tmp_path / 'conf.py'}", "--address=x"])

    import flower.options

    found = flower.options.options
    assert (found.port, found.basic_auth, found.address) == (8443, ["a:b", "c:d"], "x")
    command.apply_options("flower", [f"--conf={tmp_path / 'conf.py'}", "--port=1"])
    assert found.port == 1
    with pytest.raises(FileNotFoundError, match="absent"):
        command.apply_options("flower", ["--conf=absent.py"])


def test_a_banner_says_where_without_a_password(caplog: pytest.LogCaptureFixture) -> None:
    app = Celery(broker="amqp://guest:secret@localhost//", set_as_current=False)

    with caplog.at_level("INFO"):
        command.print_banner(app, True, 5556)

    assert "https://127.0.0.1:5556" in caplog.text
    assert "secret" not in caplog.text


def test_options_in_a_wrong_order_are_told(caplog: pytest.LogCaptureFixture) -> None:
    group = click.Group("celery", params=[click.Option(["-A", "--app"]), click.Option(["-b"])])
    context = click.Context(command.flower, parent=click.Context(group))

    command.warn_about_celery_args_used_in_flower_command(context, ("--port=5", "--address=x"))
    assert caplog.text == ""
    command.warn_about_celery_args_used_in_flower_command(context, ("--app=proj", "-b", "redis://"))
    assert "before flower: --app, -b." in caplog.text


@pytest.mark.parametrize(
    ("argument", "known"),
    [("--port=1", True), ("--unix-socket=x", True), ("--unix_socket=x", True),
     ("--logging=info", True), ("-A", False), ("--broker=x", False)],
)  # fmt: skip
def test_options_of_flower_are_known(argument: str, known: bool) -> None:
    assert command.is_flower_option(argument) is known


@pytest.mark.parametrize(
    ("name", "known"),
    [("FLOWER_PORT", True), ("FLOWER_UNAUTHENTICATED_API", False), ("PORT", False)],
)
def test_variables_of_flower_are_known(name: str, known: bool) -> None:
    assert command.is_flower_envvar(name) is known


def test_a_signal_ends_it_well() -> None:
    with pytest.raises(SystemExit) as end:
        command.sigterm_handler(15, None)

    assert end.value.code == 0
