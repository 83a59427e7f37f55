"""`flower.app.Flower`: a server begun and ended by somebody's own program."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery

from flower.app import Flower
from flower.options import Options, default_options
from flower.options import options as options_of_flower
from flower.unserved import NotServed
from flower.urls import handlers, settings
from tests.support.brokers import free_port, redis_database
from tests.support.processes import Process
from tests.support.umbels import Client, umbel_environment
from tests.support.waiting import wait_until
from tests.support.workers import ROOT

PROGRAM = """
import celery
from flower.app import Flower
from flower.options import default_options

default_options.port = {port}
default_options.address = "127.0.0.1"
capp = celery.Celery("myapp", broker={broker!r})
flower_app = Flower(capp=capp, options=default_options)
flower_app.start()
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of this machine configures the server, and it finds the package."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "compat" / "src"))


@contextlib.contextmanager
def serving(flower_app: Flower) -> Iterator[None]:
    thread = threading.Thread(target=flower_app.start)
    thread.start()
    try:
        yield
    finally:
        flower_app.stop()
        thread.join(20)
    assert not thread.is_alive()


@pytest.mark.redis
@pytest.mark.usefixtures("place")
def test_it_serves_until_it_is_stopped() -> None:
    options = Options()
    options.port = free_port()
    options.url_prefix = "flower"
    options.basic_auth = ["ann:a-good-pass"]
    with redis_database() as broker, Celery("myapp", broker=broker, set_as_current=False) as app:
        flower_app = Flower(capp=app, options=options, **settings)
        client = Client(f"http://127.0.0.1:{options.port}/flower")
        with serving(flower_app), client.http:
            client.http.auth = ("ann", "a-good-pass")
            wait_until(lambda: client.is_up("/livez"), timeout_s=60, what="the server")
            assert client.http.get("/api/v1/status").status_code == 200
            assert flower_app.started
            assert flower_app.transport == "redis"

    assert not flower_app.started
    assert not client_answers(options.port)


def client_answers(port: int) -> bool:
    client = Client(f"http://127.0.0.1:{port}")
    with client.http:
        return client.is_up("/livez")


@pytest.mark.redis
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_no_server_is_left_by_a_program_that_ends(tmp_path: Path, number: signal.Signals) -> None:
    port = free_port()
    with redis_database() as broker:
        (tmp_path / "start.py").write_text(PROGRAM.format(port=port, broker=broker))
        environment = umbel_environment(HOME=str(tmp_path), PYTHONPATH=str(ROOT / "compat" / "src"))
        command = [sys.executable, "start.py"]
        with Process(command, tmp_path / "log", cwd=tmp_path, env=environment) as process:
            wait_until(lambda: client_answers(port), timeout_s=60, what="the server")
            process.send_signal(number)
            wait_until(lambda: not client_answers(port), timeout_s=60, what="the end of the server")


def test_an_application_whose_transport_has_options_needs_a_module() -> None:
    app = Celery("myapp", broker="redis://127.0.0.1:1/0", set_as_current=False)
    app.conf.broker_transport_options = {"global_keyprefix": "shop:"}

    with pytest.raises(NotServed, match="Put it into a module"):
        Flower(capp=app, options=Options()).start()


def test_a_function_for_tasks_is_not_run() -> None:
    options = Options()
    options.format_task = lambda task: task

    with pytest.raises(NotServed, match=r"\[redact\]"):
        Flower(capp=Celery(set_as_current=False), options=options).start()


def test_addresses_of_ones_own_are_refused() -> None:
    app = Celery(set_as_current=False)

    Flower(capp=app, handlers=handlers, **settings)
    with pytest.raises(NotServed, match=r"umbel\.aio"):
        Flower(capp=app, handlers=[("/mine", object)])


def test_options_are_one_object() -> None:
    assert options_of_flower is default_options
    assert Flower(capp=Celery(set_as_current=False)).options is default_options


def test_stopping_what_was_not_started_does_nothing() -> None:
    Flower(capp=Celery(set_as_current=False)).stop()
