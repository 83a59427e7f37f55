"""The files of one cluster are damaged, locked or gone: the others are shown, and it says why."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from tests.api.two_clusters import Two, fill
from tests.api.world import problem_of
from tests.support.exposition import labels, parsed
from umbel.auth.tokens import make_token
from umbel.cluster.task import Task
from umbel.store.memory import MemoryStore
from umbel.store.opening import open_ledger, open_store

pytestmark = pytest.mark.anyio


class Stored:
    """Two clusters, of which `shop` has real files, in `directory`."""

    def __init__(self, root: Path, closing: ExitStack) -> None:
        self.directory = root / "shop"
        writer = open_store(self.directory, write=True)
        fill(writer, "shop")
        writer.close()
        (root / "pages").mkdir()
        ledger = open_ledger(self.directory)
        closing.callback(ledger.close)
        store = open_store(self.directory, write=False)
        closing.callback(store.close)
        self.two = Two(root / "pages", shop=store, ledger=ledger)

    def damage(self) -> None:
        """In place: a thread of the server that has a file mapped would end the process if the file
        were cut off for a moment."""
        for path in self.directory.glob("umbel*.db*"):
            with path.open("r+b") as file:
                file.write(b"no database " * 1_000)

    def remove(self) -> None:
        shutil.rmtree(self.directory)


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[Stored]:
    with ExitStack() as closing:
        yield Stored(tmp_path, closing)


@pytest.fixture(params=[Stored.damage, Stored.remove])
def bad(stored: Stored, request: pytest.FixtureRequest) -> Two:
    spoil: Callable[[Stored], None] = request.param
    spoil(stored)
    return stored.two


async def test_metrics_have_the_other_cluster(bad: Two) -> None:
    async with bad.client("otto") as client:
        answer = await client.get("/metrics")

    assert answer.status_code == 200
    online = parsed(answer.text)["flower_worker_online"].values()
    assert labels(cluster="mail", worker="mail@box") in online


async def test_metrics_say_which_cluster_could_not_be_read_and_why(stored: Stored) -> None:
    stored.remove()

    async with stored.two.client("otto") as client:
        text = (await client.get("/metrics")).text

    families = parsed(text)
    assert families["umbel_cluster_readable"].values() == {
        labels(cluster="shop"): 0.0,
        labels(cluster="mail"): 1.0,
    }
    assert f"# shop: There is no Umbel data in {stored.directory}." in text


async def test_the_list_of_clusters_has_it_with_the_reason(bad: Two) -> None:
    async with bad.client("otto") as client:
        shop, mail = (await client.get("/api/v1/clusters")).json()["items"]

    assert (shop["label"], shop["live"]["state"]) == ("Web shop", "blind")
    assert shop["live"]["sentence"]
    assert (mail["name"], mail["live"]["state"]) == ("mail", "live")


async def test_the_server_is_ready_by_the_other_cluster(bad: Two) -> None:
    async with bad.client("otto") as client:
        answers = [await client.get(path) for path in ("/readyz", "/c/shop/readyz", "/livez")]

    assert [each.status_code for each in answers] == [200, 503, 200]


async def test_logins_and_tokens_of_the_other_cluster_go_on(stored: Stored) -> None:
    two = stored.two
    token = make_token(two.mail.ledger, "ci", "viewer", now=0, expires_s=None)
    async with two.client() as browser:
        await browser.post("/login", json={"user": "otto", "password": "pw-otto"})
        stored.damage()

        tasks = await browser.get("/c/mail/api/v1/tasks")
        rows = (await browser.get("/api/v1/clusters")).json()["items"]
        again = await browser.post("/login", json={"user": "vera", "password": "pw-vera"})

    async with two.client() as client:
        bearer = {"authorization": f"Bearer {token}"}
        metrics = await client.get("/metrics", headers=bearer)
        bearer = {"authorization": f"Bearer {token[:-64]}{'0' * 64}"}
        wrong = await client.get("/metrics", headers=bearer)

    assert (tasks.status_code, len(rows), again.status_code) == (200, 2, 200)
    assert metrics.status_code == 200
    assert problem_of(wrong)["status"] == 503


async def test_a_logout_holds_while_the_ledger_of_logins_is_damaged(stored: Stored) -> None:
    async with stored.two.client() as browser:
        await browser.post("/login", json={"user": "otto", "password": "pw-otto"})
        ((name, value),) = browser.cookies.items()
        await browser.post("/api/v1/logout", json={})
    async with stored.two.client() as browser:
        stored.damage()
        copied = await browser.get("/c/mail/api/v1/tasks", headers={"cookie": f"{name}={value}"})

    assert copied.status_code == 401


class Hanging(MemoryStore):
    """A store whose disk does not answer for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.hanging = 0
        self.answers = threading.Event()

    def task(self, task_id: str) -> Task | None:
        self.hanging += 1
        assert self.answers.wait(30)
        return super().task(task_id)


async def test_a_disk_that_hangs_keeps_no_thread_of_the_other_cluster(tmp_path: Path) -> None:
    hanging = Hanging()
    two = Two(tmp_path, shop=hanging)

    async with (
        two.client("otto") as client,
        two.client("ada") as other,
        anyio.create_task_group() as asked,
    ):
        for each in (client, other):
            await each.get("/api/v1/me")  # a password that was right is not checked again
            for _ in range(10):
                asked.start_soon(each.get, "/c/shop/api/v1/tasks/any")
        while hanging.hanging < 6:
            await anyio.lowlevel.checkpoint()

        with anyio.fail_after(20):
            answers = [await each.get("/c/mail/api/v1/tasks/mail-task") for each in (client, other)]
        hanging.answers.set()

    assert [answer.status_code for answer in answers] == [200, 200]
