"""`umbel serve` and `celery umbel` as people start them, on a real broker."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from celery import Celery

from tests.support.brokers import rabbit_vhost, redis_database
from tests.support.processes import Process, children
from tests.support.sources import celery_app
from tests.support.umbels import UMBEL, Client, umbel_command, umbel_environment, umbel_serve
from tests.support.waiting import wait_until
from umbel.store.opening import open_store

pytestmark = pytest.mark.timeout(120)


def is_live(client: Client) -> bool:
    """Whether it is ready and says that what it shows is live: on Redis nothing that is
    sent earlier is seen."""
    return client.is_up("/readyz") and client.live()["state"] == "live"


def send_one_task(broker: str, name: str = "shop.tasks.greet") -> str:
    """Send a task whose events say so; its id. No worker is needed to see it."""
    app = Celery("sender", broker=broker)
    app.conf.task_send_sent_event = True
    with app:
        sent: str = app.send_task(name, args=("Zoë",)).id
    return sent


def line_of(process: Process, pattern: str) -> re.Match[str]:
    """The printed line that has `pattern`; fails if the process ends before."""

    def printed() -> re.Match[str] | None:
        found = re.search(pattern, process.output())
        if found is None:
            process.must_run()
        return found

    found = wait_until(printed, timeout_s=60, what=pattern)
    assert found is not None
    return found


def in_directory(directory: Path, **more: str) -> Mapping[str, str]:
    return umbel_environment(HOME=str(directory), PYTHONPATH=str(directory), **more)


def test_the_application_says_which_broker_is_watched(tmp_path: Path) -> None:
    with redis_database() as broker:
        (tmp_path / "shop.py").write_text(
            f"from celery import Celery\napp = Celery('shop', broker={broker!r})\n"
            "app.conf.broker_transport_options = {'visibility_timeout': 43200}\n"
        )
        arguments = ["serve", "-A", "shop:app", "--port", "0", "--data", str(tmp_path / "data")]
        log = tmp_path / "serve.log"
        with umbel_command(*arguments, log=log, environment=in_directory(tmp_path)) as process:
            url = line_of(process, r"Umbel watches redis://\S+ at (http://\S+)\n")[1]
            client = Client(url)
            with client.http:
                wait_until(lambda: is_live(client), timeout_s=60, what="a live view")
                task = send_one_task(broker)

                assert wait_until(lambda: client.task(task), what="the task")

            process.send_signal(signal.SIGTERM)
            assert process.wait() == 0


def test_a_terminal_that_is_closed_ends_server_and_collector_in_order(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    with redis_database() as broker:
        for command in (["collect"], ["serve", "--port", "0", "--no-collect"]):
            arguments = [*command, "-b", broker, "--data", data, "--log-level", "info"]
            with umbel_command(*arguments, log=tmp_path / command[0]) as process:
                line_of(process, r"(Umbel watches|Connected to)")
                process.send_signal(signal.SIGHUP)
                assert process.wait() == 0

    with closing(open_store(data, write=False)) as store:
        assert store.collectors()[0].ended is not None


def test_files_that_lie_around_are_not_taken_for_libraries(tmp_path: Path) -> None:
    for name in ("redis.py", "click.py", "msgspec.py"):
        (tmp_path / name).write_text("raise SystemExit('this is no library')")
    with redis_database() as broker:
        arguments = ["serve", "-b", broker, "--port", "0", "--data", str(tmp_path / "data")]
        log = tmp_path / "serve.log"
        command = [UMBEL, *arguments]
        with Process(command, log, cwd=tmp_path, env=umbel_environment()) as process:
            client = Client(line_of(process, r"Umbel watches redis://\S+ at (http://\S+)\n")[1])
            with client.http:
                wait_until(lambda: is_live(client), timeout_s=60, what="a live view")


def test_celery_umbel_watches_the_app_of_celery(tmp_path: Path) -> None:
    with redis_database() as broker:
        (tmp_path / "shop.py").write_text(
            f"from celery import Celery\napp = Celery('shop', broker={broker!r})\n"
        )
        celery = [sys.executable, "-m", "celery", "-A", "shop", "umbel"]
        options = ["--port", "0", "--data", str(tmp_path / "data")]
        environment = in_directory(tmp_path)
        with Process(
            [*celery, *options], tmp_path / "celery.log", cwd=tmp_path, env=environment
        ) as process:
            url = line_of(process, r"Umbel watches redis://\S+ at (http://\S+)\n")[1]
            client = Client(url)
            with client.http:
                wait_until(lambda: is_live(client), timeout_s=60, what="a live view")


def test_celery_with_a_configuration_module_keeps_the_options_of_its_transport(
    tmp_path: Path,
) -> None:
    with redis_database() as broker:
        transport = {"global_keyprefix": "shop:"}
        (tmp_path / "shopconf.py").write_text(
            f"broker_url = {broker!r}\nbroker_transport_options = {transport!r}\n"
        )
        celery = [sys.executable, "-m", "celery", "--config", "shopconf", "umbel"]
        options = ["--port", "0", "--data", str(tmp_path / "data")]
        with Process(
            [*celery, *options], tmp_path / "celery.log", cwd=tmp_path, env=in_directory(tmp_path)
        ) as process:
            client = Client(line_of(process, r"Umbel watches redis://\S+ at (http://\S+)\n")[1])
            with client.http, Celery("shop", broker=broker, set_as_current=False) as app:
                wait_until(lambda: is_live(client), timeout_s=60, what="a live view")
                app.conf.update(broker_transport_options=transport, task_send_sent_event=True)
                sent = app.send_task("shop.send", (4711,)).id

                wait_until(lambda: client.task(sent), what="the task")
                queues = {each["name"]: each["ready"] for each in client.get("queues")["items"]}
                assert queues == {"celery": 1}


def test_no_password_stands_in_a_command_line_or_in_what_is_printed(tmp_path: Path) -> None:
    with rabbit_vhost() as broker:
        assert "guest:guest@" in broker
        environment = in_directory(
            tmp_path, UMBEL_BROKER=broker, UMBEL_DATA=str(tmp_path / "data"), UMBEL_PORT="0"
        )
        log = tmp_path / "serve.log"
        with umbel_command("serve", log=log, environment=environment) as process:
            url = line_of(process, r"Umbel watches amqp://\*\*\*@\S+ at (http://\S+)\n")[1]
            client = Client(url)
            with client.http:
                wait_until(lambda: is_live(client), timeout_s=60, what="a live view")
                (collector,) = children(process.pid)
                shown = subprocess.run(
                    ["ps", "-ww", "-o", "args=", "-p", f"{process.pid},{collector}"],
                    capture_output=True, text=True, check=True,
                ).stdout  # fmt: skip

                assert "umbel collect" in shown
                assert "guest:guest" not in shown
                assert "guest:guest" not in client.http.get("/api/v1/status").text
                assert "guest:guest" not in process.output()


def test_one_server_collects_and_another_shows_the_same_directory(tmp_path: Path) -> None:
    with redis_database() as broker, umbel_serve(broker, tmp_path / "data") as first:
        task = send_one_task(broker)
        wait_until(lambda: first.client.task(task), what="the task")
        with umbel_serve(broker, tmp_path / "data", "--no-collect") as second:
            assert second.client.task(task) == first.client.task(task)
            assert second.client.status()["live"]["state"] == "live"
            assert children(second.process.pid) == []


def test_a_unix_socket_is_served_and_removed(tmp_path: Path) -> None:
    socket = tmp_path / "umbel.sock"
    with redis_database() as broker:
        arguments = ["serve", "-b", broker, "--unix-socket", str(socket)]
        data = ["--data", str(tmp_path / "data")]
        with umbel_command(*arguments, *data, log=tmp_path / "log") as process:
            line_of(process, re.escape(f"at unix:{socket}"))
            with httpx.Client(transport=httpx.HTTPTransport(uds=str(socket))) as client:
                assert client.get("http://localhost/livez").text == "ok"
        wait_until(lambda: not socket.exists(), what="the socket gone")


def test_what_a_data_directory_holds_is_for_its_user_alone(tmp_path: Path) -> None:
    with redis_database() as broker, umbel_serve(broker, tmp_path / "data"):
        assert (tmp_path / "data").stat().st_mode & 0o077 == 0


def test_a_data_directory_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    arguments = ["serve", "-b", "redis://localhost/0", "--data", str(tmp_path / "file" / "data")]
    with umbel_command(*arguments, log=tmp_path / "log") as process:
        assert process.wait(60) == 2

        assert process.output().count("\n") == 1
        assert "is a file, so the data directory" in process.output()


def test_others_reach_it_only_when_it_is_said_loudly(tmp_path: Path) -> None:
    everywhere = ("--address", "0.0.0.0", "--insecure")  # noqa: S104
    directory = tmp_path / "data"
    with redis_database() as broker, umbel_serve(broker, directory, *everywhere) as served:
        assert "may do everything to this cluster: --insecure" in served.process.output()


def test_an_old_event_on_a_quiet_broker_leaves_it_live(tmp_path: Path) -> None:
    """A client whose clock is slow, or one last message of long ago."""
    event = {"type": "task-sent", "hostname": "gen@h", "uuid": "a", "timestamp": time.time() - 60}
    with rabbit_vhost() as broker, umbel_serve(broker, tmp_path / "data") as umbel:
        with celery_app(broker).connection_for_write() as connection:
            connection.Producer().publish(event, exchange="celeryev", routing_key="task.sent")
        wait_until(lambda: umbel.client.task("a"), what="the task")

        wait_until(lambda: umbel.client.live()["lag_s"] == 0.0, what="no lag")
        assert umbel.is_live()


def test_log_lines_are_json_when_asked(tmp_path: Path) -> None:
    environment = umbel_environment(UMBEL_LOG_FORMAT="json")
    arguments = ["collect", "-b", "redis://127.0.0.1:1/0", "--data", str(tmp_path / "data")]
    with umbel_command(*arguments, log=tmp_path / "log", environment=environment) as process:
        line = line_of(process, r"(?m)^\{.*\}$")[0]

        assert '"level": "warning"' in line
        assert "127.0.0.1:1" in line
