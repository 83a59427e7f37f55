"""The forms in which compose files and charts start Flower."""

from __future__ import annotations

import contextlib
import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from celery import Celery

from flower import __main__ as entry
from tests.support.applications import WORKERAPP, celery_client, task
from tests.support.brokers import free_port, rabbit_vhost, redis_database
from tests.support.processes import Process, children, must_be_gone
from tests.support.umbels import Client
from tests.support.waiting import wait_until
from tests.support.workers import ROOT, celery_worker
from umbel.owner import own_temporary_directory
from umbel.settings import load_settings
from umbel.settings.flower_sources import from_arguments

LOGIN = "ann:a-good-pass"
#: What stands in a container's PATH, and runs this tree.
SCRIPTS = {"celery": "main", "flower": "script"}
FILES = {
    "taskapp.py": "import os\nfrom celery import Celery\n"
    "app = Celery('taskapp', broker=os.environ['BROKER'])\n",
    "manage.py": "import sys\nfrom celery.bin.celery import celery\n"
    "from flower.command import flower\nfrom taskapp import app\n"
    "celery.add_command(flower)\napp.start(argv=sys.argv[1:])\n",
    "conf/flower_conf.py": f"basic_auth = ['{LOGIN}']\npersistent = True\n"
    "db = 'history/flower.db'\n",
}


class Form(NamedTuple):
    """A command as a shell reads it, and the variables that stand beside it."""

    command: str
    variables: str = ""
    prefix: str = ""


FORMS = {
    "an image alone": Form(
        "celery flower", f"CELERY_BROKER_URL=$BROKER FLOWER_PORT=$PORT FLOWER_BASIC_AUTH={LOGIN}"
    ),
    "a shell that fills in the login": Form(
        f'U=ann; exec celery -b "$BROKER" flower --basic-auth="$U:{LOGIN[4:]}" --port=$PORT'
    ),
    "options of Celery after the command": Form(
        "celery flower --app=taskapp.app --port=$PORT --address=0.0.0.0 --url_prefix=flower "
        f"--broker=$BROKER --basic_auth={LOGIN}",
        prefix="/flower",
    ),
    "the script of before 1.0": Form(
        "flower -A taskapp ' --port='$PORT", f"FLOWER_BASIC_AUTH={LOGIN}"
    ),
    "a program of its own": Form(
        "python manage.py flower", f"FLOWER_PORT=$PORT FLOWER_BASIC_AUTH={LOGIN}"
    ),
    "a file and a volume": Form(
        "celery flower --conf=conf/flower_conf.py",
        "CELERY_BROKER_URL=$BROKER FLOWER_PORT=$PORT",
    ),
}


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Celery]:
    """A client of a cluster whose worker sends no task events."""
    with contextlib.ExitStack() as running:
        broker = running.enter_context(redis_database())
        log = tmp_path_factory.mktemp("worker") / "worker.log"
        workers = {"UMBEL_TEST_BROKER": broker, "UMBEL_TEST_BACKEND": broker}
        running.enter_context(celery_worker(WORKERAPP, workers, log, events=False, pool="solo"))
        yield running.enter_context(celery_client(broker, broker))


@contextlib.contextmanager
def started(directory: Path, form: Form, broker: str) -> Iterator[tuple[Process, Client]]:
    """The form as a user without a home runs it, once it answers; ended by SIGTERM, with code 0
    and nothing left."""
    for name, code in FILES.items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_text(code)
    for name, function in SCRIPTS.items():
        script = directory / "bin" / name
        script.parent.mkdir(exist_ok=True)
        script.write_text(
            f"#!{sys.executable}\nfrom flower.__main__ import {function}\n{function}()\n"
        )
        script.chmod(0o755)
    port = free_port()
    given = {"BROKER": broker, "PORT": str(port)}
    environment = {
        "PATH": f"{directory / 'bin'}:{Path(sys.executable).parent}:{os.defpath}",
        "PYTHONPATH": str(ROOT / "compat" / "src"),
        "HOME": os.devnull,
        "TMPDIR": str(directory),
        **given,
    }
    for each in shlex.split(form.variables):
        name, _, value = each.partition("=")
        environment[name] = given.get(value.removeprefix("$"), value)
    log = directory / "flower.log"
    command = ["sh", "-c", form.command if ";" in form.command else f"exec {form.command}"]
    client = Client(f"http://127.0.0.1:{port}{form.prefix}")
    client.http.auth = ("ann", LOGIN[4:])
    with Process(command, log, cwd=directory, env=environment) as process, client.http:

        def is_up() -> bool:
            process.must_run()
            return client.is_up("/healthcheck")

        wait_until(is_up, timeout_s=60, what="the server")
        yield process, client
        left = children(process.pid)
        process.end()
        assert process.exit_code == 0
        for pid in left:
            must_be_gone(pid)


@pytest.mark.redis
@pytest.mark.parametrize("name", FORMS)
def test_a_form_starts_and_shows_the_cluster(
    application: Celery, tmp_path: Path, name: str
) -> None:
    broker = str(application.conf.broker_url)
    with started(tmp_path, FORMS[name], broker) as (process, client):

        def seen() -> bool:
            task(application, "add", 1, 2).delay()
            answer = client.http.get("/api/tasks", params={"state": "SUCCESS"})
            return bool(answer.raise_for_status().json())

        wait_until(seen, timeout_s=30, what="a task in Flower's API")
        # Another address of this machine, as from outside of a container.
        with socket.create_connection(("127.0.0.2", urlsplit(client.url).port or 0), timeout=5):
            pass
        if "conf" in FORMS[name].command:
            assert (tmp_path / "history" / "flower.db-umbel").is_dir()
        else:
            assert "UMBEL_DATA=/data" in process.output()


@pytest.mark.rabbitmq
def test_options_stand_before_the_command(tmp_path: Path) -> None:
    form = Form("celery --broker=$BROKER flower --port=$PORT", f"FLOWER_BASIC_AUTH={LOGIN}")

    with rabbit_vhost() as broker, started(tmp_path, form, broker) as (_, client):
        wait_until(lambda: client.live()["state"] != "starting", timeout_s=30, what="the broker")


@pytest.mark.parametrize(
    ("written", "run"),
    [
        (["--address=0.0.0.0", "--broker=x"], ["--address=0.0.0.0", "--broker=x"]),
        (["flower", "--port=5555"], ["--port=5555"]),
        (["celery", "flower", "-A", "flower"], ["-A", "flower"]),
        ([], []),
    ],
)
def test_the_script_is_the_command(
    monkeypatch: pytest.MonkeyPatch, written: list[str], run: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/flower", *written])
    monkeypatch.setattr(entry, "main", lambda: None)

    entry.script()

    assert sys.argv == ["celery", "flower", *run]


@pytest.mark.parametrize(
    ("written", "run"),
    [
        (["--port=5555", "-A", "proj"], "celery flower --port=5555 -A proj"),
        ([" --url_prefix=flower"], "celery flower  --url_prefix=flower"),
        (["celery", "flower"], "celery flower"),
        (["flower", "--port=5555"], "flower --port=5555"),
        (["sh", "-c", "exec celery -A proj flower"], "celery -A proj flower"),
    ],
)
def test_arguments_of_the_image_are_options_or_a_command(
    tmp_path: Path, written: list[str], run: str
) -> None:
    for name in SCRIPTS:
        script = tmp_path / name
        script.write_text(f'#!/bin/sh\necho {name} "$@"\n')
        script.chmod(0o755)

    entry_point = ROOT / "compat" / "docker-entrypoint.sh"
    done = subprocess.run(
        [entry_point, *written], env={"PATH": f"{tmp_path}:{os.defpath}"}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip

    assert done.stdout == f"{run}\n"


@pytest.mark.parametrize(
    ("written", "own", "given"),
    [
        ([" --url_prefix=flower"], [], {"url_prefix": "flower"}),
        (["-A", "config", "--port=5555"], ["-A", "config", "--port=5555"], {}),
        (["--app=a.b", "--broker=x"], ["--app=a.b", "--broker=x"], {}),
        (["--port=5555", "redis://x"], ["--port=5555", "--broker", "redis://x"], {}),
        (["--conf=/flowerconfig.py"], [], {"conf": "/flowerconfig.py"}),
        (["--basic_auth=ann: a pass "], [], {"basic_auth": "ann: a pass "}),
    ],
)
def test_arguments_of_a_container_are_understood(
    written: list[str], own: list[str], given: dict[str, str]
) -> None:
    kept, found = from_arguments(written, forgiving=True)

    assert kept == own
    assert {each.option.name: each.text for each in found} == given


def test_the_history_is_beside_the_file_of_flower_unless_data_is_said(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "FLOWER_DB": "/data/flower.db", "FLOWER_PERSISTENT": "True"}

    def data(**more: str) -> str:
        return str(load_settings({}, environ | more, tmp_path).settings.data)

    assert data() == "/data/flower.db-umbel"
    assert data(UMBEL_DATA="/srv") == "/srv"


def test_a_temporary_directory_that_others_can_open_is_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    directory = own_temporary_directory()

    assert directory is not None
    assert directory.stat().st_mode & 0o777 == 0o700
    assert own_temporary_directory() == directory
    directory.chmod(0o755)
    assert own_temporary_directory() is None
