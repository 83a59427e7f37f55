"""A search in all clusters of a server at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.api.two_clusters import Two
from tests.api.world import NOW, problem_of
from tests.contract.stories import failed, succeeded
from tests.support.memory_cluster import MemoryCluster, MemoryWorker
from umbel.errors import StoreBusy
from umbel.store.memory import MemoryStore

pytestmark = pytest.mark.anyio

ALL = "/api/v1/all/tasks"


@pytest.fixture
def two(tmp_path: Path) -> Two:
    """Otto may look at both, Vera at `mail` alone."""
    return Two(tmp_path)


async def answer(two: Two, address: str = ALL, user: str = "otto", **params: Any) -> Any:
    async with two.client(user) as client:
        return (await client.get(address, params=params)).json()


async def ids(two: Two, user: str = "otto", **params: Any) -> list[str]:
    return [row["uuid"] for row in (await answer(two, user=user, **params))["items"]]


async def test_tasks_of_all_clusters_are_one_list_newest_first(two: Two) -> None:
    two.mail.store.apply(succeeded("mail-old", NOW - 900))
    two.shop.store.apply(succeeded("shop-new", NOW - 30))

    found = await answer(two, order="-started")

    assert [(row["uuid"], row["cluster"]) for row in found["items"]] == [
        ("shop-new", "shop"), ("shop-task", "shop"), ("mail-task", "mail"), ("mail-old", "mail"),
    ]  # fmt: skip
    assert [(each["name"], each["path"]) for each in found["clusters"]] == [
        ("shop", "c/shop/"), ("mail", "c/mail/"),
    ]  # fmt: skip
    assert found["next"] is None


@pytest.mark.parametrize("order", ["-seen", "seen", "name", "-runtime", "-finished", "retries"])
async def test_its_pages_have_every_task_once(two: Two, order: str) -> None:
    for number in range(7):
        two.mail.store.apply(failed(f"mail-{number}", NOW - 600 + number))
    for number in range(3):
        two.shop.store.apply(succeeded(f"shop-{number}", NOW - 597 + number, name=f"n{number}"))
    seen: list[str] = []
    cursor: dict[str, str] = {}

    while True:
        page = await answer(two, order=order, limit=2, **cursor)
        seen += [row["uuid"] for row in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}

    assert len(seen) == 12
    assert len(set(seen)) == 12
    values = [row[order.strip("-")] for row in (await answer(two, order=order))["items"]]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=order.startswith("-")) or order.endswith("seen")
    assert values[: len(known)] == known


async def test_a_cluster_is_searched_for_by_its_name_or_label_or_a_part_of_it(two: Two) -> None:
    assert await ids(two, q="cluster:shop") == ["shop-task"]
    assert await ids(two, q='cluster:"web shop"') == ["shop-task"]
    assert await ids(two, q="cluster:sh") == []
    assert await ids(two, q="cluster:~sh") == ["shop-task"]
    assert await ids(two, q="-cluster:shop state:SUCCESS") == ["mail-task"]
    assert len(await ids(two, q="cluster:shop,mail has:cluster")) == 2
    assert await ids(two, q="cluster:nowhere") == []
    assert (await answer(two, q="cluster:nowhere or -cluster:~sea"))["absent"] == ["nowhere", "sea"]
    assert (await answer(two, q='cluster:mail,"web shop" or cluster:~sh'))["absent"] == []
    assert (await answer(two, q="cluster:shop"))["sentence"] == "Tasks whose cluster is shop"


async def test_within_a_cluster_the_term_is_its_own_name(two: Two) -> None:
    async with two.client("otto") as client:
        own = await client.get("/c/mail/api/v1/tasks/count", params={"q": "cluster:mail"})
        other = await client.get("/c/mail/api/v1/tasks/count", params={"q": "cluster:shop"})
        within = await client.get("/c/mail/api/v1/all/tasks")

    assert (own.json()["total"], other.json()["total"]) == (1, 0)
    assert len(within.json()["items"]) == 2


async def test_clusters_without_a_role_are_not_searched(two: Two) -> None:
    found = await answer(two, user="vera")

    assert [row["uuid"] for row in found["items"]] == ["mail-task"]
    assert [each["name"] for each in found["clusters"]] == ["mail"]
    assert await ids(two, user="vera", q="cluster:shop") == []
    assert (await answer(two, user="vera", q="cluster:shop"))["absent"] == ["shop"]


async def test_counts_add_up_and_tell_of_each_cluster(two: Two) -> None:
    two.mail.store.apply(failed("mail-bad", NOW - 30))

    found = await answer(two, f"{ALL}/count", by="state")

    assert (found["total"], found["complete"], found["capped"]) == (3, True, False)
    assert found["groups"] == {"SUCCESS": 2, "FAILURE": 1}
    assert [(each["name"], each["total"]) for each in found["clusters"]] == [
        ("shop", 1), ("mail", 2),
    ]  # fmt: skip
    assert (await answer(two, f"{ALL}/count", cap=2))["capped"]


async def test_suggestions_are_of_all_clusters(two: Two) -> None:
    two.shop.store.apply(succeeded("more", NOW, name="shop.only"))

    found = await answer(two, "/api/v1/all/suggest", q="name:shop")

    assert [(each["label"], each["count"]) for each in found["items"]] == [
        ("shop.send", 2), ("shop.only", 1),
    ]  # fmt: skip


async def test_a_cluster_that_cannot_be_read_is_told_and_holds_up_nobody(tmp_path: Path) -> None:
    two = Two(tmp_path, shop=_Unreadable())

    found = await answer(two)
    count = await answer(two, f"{ALL}/count")

    assert [row["uuid"] for row in found["items"]] == ["mail-task"]
    assert found["clusters"][0]["problem"] == "The disk is away. Wait."
    assert found["next"] is not None
    assert (count["total"], count["complete"]) == (1, False)
    assert count["clusters"][0]["total"] is None


async def test_what_is_wrong_with_the_question_is_said_as_everywhere(two: Two) -> None:
    async with two.client("otto") as client:
        query = problem_of(await client.get(ALL, params={"q": "cluster:"}))
        nearly = problem_of(await client.get(ALL, params={"q": "clustr:eu"}))
        cursor = problem_of(await client.get(ALL, params={"cursor": "rubbish"}))
        page = (await client.get(ALL, params={"limit": 1})).json()
        other = problem_of(await client.get(ALL, params={"cursor": page["next"], "order": "name"}))

    assert (query["status"], nearly["suggestion"]) == (400, "cluster")
    assert cursor["detail"].startswith("The cursor is not one that this server gave")
    assert other["detail"].startswith("The cursor belongs to a list in another order.")


async def test_clusters_are_compared_by_what_their_workers_have(two: Two) -> None:
    for services, conf, tasks in (
        (two.shop, {"timezone": "UTC", "task_acks_late": True}, ["shop.order"]),
        (two.mail, {"timezone": "UTC", "task_acks_late": False}, ["shop.order", "mail.send"]),
    ):
        worker = MemoryWorker(f"{services.name}@box")
        worker.says = {"conf": conf, "registered": tasks, "active_queues": [], "stats": {}}
        assert isinstance(services.cluster, MemoryCluster)
        services.cluster.workers[worker.name] = worker

    found = await answer(two, "/api/v1/all/diff")

    assert [(each["name"], each["workers"]) for each in found["clusters"]] == [
        ("shop", 1), ("mail", 1),
    ]  # fmt: skip
    values = {
        each["name"]: {
            name: value["value"] for value in each["values"] for name in value["workers"]
        }
        for each in found["differences"]
    }
    assert values == {
        "task_acks_late": {"shop": "true", "mail": "false"},
        "mail.send": {"shop": None, "mail": "true"},
    }
    async with two.client("vera") as client:
        hidden = problem_of(await client.get("/api/v1/all/diff", params={"clusters": "shop,mail"}))
    assert "There is no cluster shop that you may look at." in hidden["detail"]


async def test_a_cluster_without_workers_is_not_compared(two: Two) -> None:
    found = await answer(two, "/api/v1/all/diff", clusters="shop")

    assert found["differences"] == []
    assert found["clusters"][0]["problem"] == "No worker of it is online and answered."


class _Unreadable(MemoryStore):
    def search(self, *_: object, **__: object) -> Any:
        raise StoreBusy("The disk is away.", remedy="Wait.")

    count = search
