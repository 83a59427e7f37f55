"""One server with a cluster on Redis and one on RabbitMQ, each with a collector of its own."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.applications import celery_client, task
from tests.support.brokers import free_port, rabbit_vhost, redis_database
from tests.support.processes import children
from tests.support.umbels import umbel_command, umbel_environment
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.redis, pytest.mark.rabbitmq]

SETTINGS = """
data = "{data}"
port = {port}
[auth]
users = ["ada:admin:pw-ada", "vera:viewer:pw-vera"]
[clusters.shop]
broker = "{redis}"
[clusters.mail]
broker = "{rabbit}"
[clusters.mail.roles]
ada = "operator"
"""


class Server:
    """Asks a running server as somebody."""

    def __init__(self, port: int, pid: int, file: Path) -> None:
        self.pid = pid
        self.file = file
        self.url = f"http://127.0.0.1:{port}"

    def get(self, path: str, user: str = "ada") -> httpx.Response:
        return httpx.get(f"{self.url}{path}", auth=(user, f"pw-{user}"), timeout=30)

    def states(self) -> dict[str, str]:
        rows = self.get("/api/v1/clusters").json()["items"]
        return {row["name"]: row["live"]["state"] for row in rows}

    def tasks(self, name: str) -> list[str]:
        page: dict[str, Any] = self.get(f"/api/v1/clusters/{name}/tasks").json()
        return [row["uuid"] for row in page["items"]]

    def has(self, name: str, uuid: str) -> bool:
        return uuid in self.tasks(name)

    def is_live(self) -> bool:
        try:
            return self.states() == {"shop": "live", "mail": "live"}
        except httpx.TransportError:
            return False


@pytest.fixture(scope="module")
def brokers() -> Iterator[dict[str, str]]:
    with redis_database() as redis, rabbit_vhost() as rabbit:
        yield {"shop": redis, "mail": rabbit}


@pytest.fixture(scope="module")
def server(brokers: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("two")
    port, file = free_port(), directory / "umbel.toml"
    file.write_text(
        SETTINGS.format(
            data=directory / "data", port=port, redis=brokers["shop"], rabbit=brokers["mail"]
        )
    )
    arguments = ("serve", "--config", str(file))
    log, environment = directory / "serve.log", umbel_environment()
    with umbel_command(*arguments, log=log, environment=environment) as process:
        found = Server(port, process.pid, file)
        wait_until(found.is_live, timeout_s=90, what="both clusters")
        yield found
        process.end()


def send(brokers: dict[str, str], name: str) -> str:
    """A task sent to one cluster; its id."""
    with celery_client(brokers[name], "disabled://") as app:
        app.conf.task_send_sent_event = True
        sent = task(app, "two.work").apply_async()
        return str(sent.id)


def test_what_happens_in_one_cluster_is_seen_there_alone(
    server: Server, brokers: dict[str, str]
) -> None:
    sent = {name: send(brokers, name) for name in brokers}

    for name, uuid in sent.items():
        wait_until(partial(server.has, name, uuid), timeout_s=60, what=name)

    assert sent["shop"] not in server.tasks("mail")
    assert sent["mail"] not in server.tasks("shop")


def test_live_rows_of_one_are_never_in_the_other(server: Server, brokers: dict[str, str]) -> None:
    path = "/api/v1/clusters/mail/live"
    with httpx.stream("GET", f"{server.url}{path}", auth=("ada", "pw-ada"), timeout=60) as stream:
        lines = stream.iter_lines()
        assert any(line == "event: hello" for line in lines)
        other, own = send(brokers, "shop"), send(brokers, "mail")
        heard = []
        for line in lines:
            heard.append(line)
            if own in line:
                break
        wait_until(lambda: other in server.tasks("shop"), timeout_s=60)

    assert not any(other in line for line in heard)


def test_an_action_is_audited_in_its_cluster_alone(server: Server, brokers: dict[str, str]) -> None:
    send(brokers, "mail")  # RabbitMQ takes tasks for queues that somebody has declared
    body = {"name": "two.work", "reason": "of mail"}
    path = "/api/v1/clusters/mail/apply"
    done = httpx.post(server.url + path, json=body, auth=("ada", "pw-ada"), timeout=30)

    def reasons(name: str) -> set[str | None]:
        lines = server.get(f"/api/v1/clusters/{name}/audit").json()["items"]
        return {line["reason"] for line in lines}

    assert done.status_code == 202, done.text
    assert "of mail" in reasons("mail")
    assert "of mail" not in reasons("shop")


def test_a_viewer_of_one_is_refused_at_the_other(server: Server) -> None:
    assert server.get("/api/v1/clusters/shop/tasks", "vera").status_code == 200
    assert server.get("/api/v1/clusters/mail/tasks", "vera").status_code == 404


def test_a_collector_that_dies_is_started_again_and_the_other_goes_on(
    server: Server, brokers: dict[str, str]
) -> None:
    for name in brokers:
        other = next(each for each in brokers if each != name)
        pid = collector_of(server, name)

        os.kill(pid, signal.SIGKILL)
        uuid = send(brokers, other)

        wait_until(partial(server.has, other, uuid), timeout_s=60, what=other)
        wait_until(partial(is_replaced, server, name, pid), timeout_s=60, what=name)
        uuid = send(brokers, name)
        wait_until(partial(server.has, name, uuid), timeout_s=60, what=name)
    assert len(children(server.pid)) == 2


@pytest.fixture
def beside(server: Server, tmp_path: Path) -> Iterator[Server]:
    """A second server of the same clusters, over the same directories, that only shows them."""
    port, log = free_port(), tmp_path / "beside.log"
    arguments = ("serve", "--config", str(server.file), "--no-collect", "--port", str(port))
    with umbel_command(*arguments, log=log, environment=umbel_environment()) as process:
        found = Server(port, process.pid, server.file)
        wait_until(found.is_live, timeout_s=60, what="both clusters")
        yield found
        process.end()


def test_a_login_at_one_server_is_good_at_the_other_until_the_logout(
    server: Server, beside: Server
) -> None:
    paths = [f"/api/v1/clusters/{name}/me" for name in ("shop", "mail")]
    with httpx.Client(timeout=30) as browser:  # cookies do not know ports
        body = {"user": "ada", "password": "pw-ada"}
        login = browser.post(f"{server.url}/c/mail/login", json=body)
        ((cookie, value),) = browser.cookies.items()
        roles = [browser.get(beside.url + path).json()["role"] for path in paths]
        logout = browser.post(f"{beside.url}/c/shop/api/v1/logout", json={})
    copied = {"cookie": f"{cookie}={value}"}

    assert (login.status_code, logout.status_code) == (200, 200)
    assert roles == ["admin", "operator"]
    for each in (server, beside):
        answers = [httpx.get(each.url + path, headers=copied, timeout=30) for path in paths]
        assert [answer.status_code for answer in answers] == [401, 401]


def test_both_servers_have_the_logins_of_each_in_the_audit(server: Server, beside: Server) -> None:
    body = {"user": "mallory", "password": "guessed"}
    httpx.post(f"{beside.url}/login", json=body, timeout=30)

    for name in ("shop", "mail"):
        lines = server.get(f"/api/v1/clusters/{name}/audit").json()["items"]
        assert 'the name "mallory"' in [line["target"] for line in lines]


def collector_of(server: Server, name: str) -> int:
    status = server.get(f"/api/v1/clusters/{name}/status").json()
    pid: int = max(status["collectors"], key=lambda each: float(each["started"]))["pid"]
    return pid


def is_replaced(server: Server, name: str, pid: int) -> bool:
    return collector_of(server, name) != pid and server.states()[name] != "blind"
