"""Nobody has all of anything: slots, threads, questions to workers, streams and passwords are
shared by person."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from tests.api.doors import USERS, basic, bearer
from tests.api.world import World, problem_of
from tests.support.waiting import wait_until
from umbel.errors import TooManyStreams
from umbel.query.parse import parse
from umbel.services.fair_lock import FairLock
from umbel.services.fair_shares import (
    network_of,
    reset_asker,
    reset_target_cluster,
    set_asker,
    set_target_cluster,
)
from umbel.services.live.channels import Subscription
from umbel.services.live.hub import Hub
from umbel.services.live.streams import Stream
from umbel.web.http.problems import Refusal
from umbel.web.request_slots import (
    OPEN_EACH,
    OPEN_MAX,
    STRANGERS_EACH,
    STRANGERS_MAX,
    Requester,
    RequestSlots,
)
from umbel.web.thread_pools import ThreadPool

pytestmark = pytest.mark.anyio

VIEWER, ADMIN = "name vera", "name ada"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Work:
    """Calls of a thread pool that end when told, and in which order they began."""

    def __init__(self, thread_pool: ThreadPool) -> None:
        self.thread_pool = thread_pool
        self.begun: list[str] = []
        self.ending = threading.Semaphore(0)

    def ask(self, who: str, cluster: str = "") -> asyncio.Task[None]:
        before = set_target_cluster(cluster)
        try:  # a task keeps what is so when it is made
            return asyncio.ensure_future(self.thread_pool.run(lambda: self._work(who), who))
        finally:
            reset_target_cluster(before)

    def _work(self, who: str) -> None:
        self.begun.append(who)
        assert self.ending.acquire(timeout=20)

    async def begins(self, calls: int) -> None:
        async with asyncio.timeout(20):
            while len(self.begun) < calls:  # noqa: ASYNC110  threads begin them
                await asyncio.sleep(0)


async def test_one_person_leaves_threads_of_a_lane_to_others() -> None:
    work = Work(ThreadPool(3, each=2))
    asked = [work.ask(VIEWER) for _ in range(5)]
    await work.begins(2)

    asked.append(work.ask(ADMIN))
    await work.begins(3)

    assert work.begun == [VIEWER, VIEWER, ADMIN]
    work.ending.release(6)
    await asyncio.gather(*asked)


async def test_one_cluster_leaves_threads_to_the_others_and_to_its_own_readers() -> None:
    work = Work(ThreadPool(4, each=3, by_cluster=True))
    asked = [work.ask(who, "shop") for who in (VIEWER, VIEWER, VIEWER, ADMIN, "name otto")]
    await work.begins(3)

    asked.append(work.ask(VIEWER, "mail"))
    await work.begins(4)

    assert sorted(work.begun[:3]) == [ADMIN, VIEWER, VIEWER]
    assert work.begun[3:] == [VIEWER]
    work.ending.release(6)
    await asyncio.gather(*asked)
    assert len(work.begun) == 6


async def test_the_queue_of_one_person_does_not_delay_the_first_request_of_another() -> None:
    work = Work(ThreadPool(1))
    asked = [work.ask(VIEWER) for _ in range(20)]
    asked += [work.ask(ADMIN), work.ask("name otto")]
    await work.begins(1)

    work.ending.release(2)
    await work.begins(3)

    assert set(work.begun[1:]) == {ADMIN, "name otto"}
    work.ending.release(20)
    await asyncio.gather(*asked)


async def test_what_one_person_leaves_waiting_in_a_lane_is_bounded() -> None:
    work = Work(ThreadPool(1, waiting_each=2, waiting_max=3))
    asked = [work.ask(VIEWER) for _ in range(3)]
    await work.begins(1)

    with pytest.raises(Refusal) as of_one:
        await work.thread_pool.run(lambda: None, VIEWER)
    asked.append(work.ask(ADMIN))
    await asyncio.sleep(0)
    with pytest.raises(Refusal) as of_all:
        await work.thread_pool.run(lambda: None, "name otto")

    assert of_one.value.problem.status == of_all.value.problem.status == 503
    assert of_one.value.headers == {"Retry-After": "2"}
    work.ending.release(4)
    await asyncio.gather(*asked)


async def test_an_answer_that_has_begun_is_not_broken_off_by_those_who_wait() -> None:
    work = Work(ThreadPool(1, waiting_each=1, waiting_max=1))
    asked = [work.ask(VIEWER) for _ in range(2)]
    await work.begins(1)

    rest = asyncio.ensure_future(work.thread_pool.run(lambda: "rest", VIEWER, continues=True))
    await asyncio.sleep(0)
    work.ending.release(2)

    assert await rest == "rest"
    await asyncio.gather(*asked)


async def test_a_call_that_is_given_up_while_it_waits_takes_no_thread() -> None:
    work = Work(ThreadPool(1))
    first, second = work.ask(VIEWER), work.ask(VIEWER)
    await work.begins(1)

    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    third = work.ask(VIEWER)
    work.ending.release(2)
    await asyncio.gather(first, third)

    assert len(work.begun) == 2


def test_one_person_cannot_take_all_places() -> None:
    slots = RequestSlots()
    viewer = Requester(VIEWER, admitted=True)
    for _ in range(OPEN_EACH):
        slots.take(viewer)

    with pytest.raises(Refusal, match="requests of yours are open"):
        slots.take(viewer)
    slots.take(Requester(ADMIN, admitted=True))
    slots.leave(viewer)
    slots.take(viewer)


def test_strangers_leave_places_to_those_who_are_known() -> None:
    slots = RequestSlots()
    for number in range(STRANGERS_MAX):
        slots.take(Requester(f"address 10.0.{number // STRANGERS_EACH}.0", admitted=False))

    with pytest.raises(Refusal):
        slots.take(Requester("address 10.1.0.0", admitted=False))
    for number in range(OPEN_MAX - STRANGERS_MAX):
        slots.take(Requester(f"name {number // OPEN_EACH}", admitted=True))
    with pytest.raises(Refusal, match=f"{OPEN_MAX} requests are open"):
        slots.take(Requester(ADMIN, admitted=True))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("unix socket", "unix socket"),
    ],
)
def test_addresses_of_one_owner_count_together(address: str, network: str) -> None:
    assert network_of(address) == network


def test_questions_to_workers_go_round_by_person() -> None:
    lock = FairLock()
    assert lock.acquire(VIEWER)
    order: list[str] = []

    def ask(who: str) -> None:
        assert lock.acquire(who, 20)
        order.append(who)
        lock.release()

    people = [VIEWER] * 4 + [ADMIN]
    threads = [threading.Thread(target=ask, args=(who,)) for who in people]
    for thread in threads[:4]:
        thread.start()
    wait_until(lambda: lock.waiting == 4)
    threads[4].start()
    wait_until(lambda: lock.waiting == 5)
    lock.release()
    for thread in threads:
        thread.join(20)

    assert order[0] == ADMIN
    assert len(order) == 5


def test_who_waits_for_a_question_in_vain_leaves_it_to_others() -> None:
    lock = FairLock()
    assert lock.acquire(VIEWER)

    assert not lock.acquire(ADMIN, 0.001)
    lock.release()

    assert lock.acquire(ADMIN, 0.001)


@asynccontextmanager
async def following(hub: Hub, who: str) -> AsyncIterator[Stream]:
    before = set_asker(who)
    try:
        async with hub.subscribe(Subscription(parse("")), None) as stream:
            yield stream
    finally:
        reset_asker(before)


async def test_who_has_most_streams_gives_the_oldest_up_for_somebody_who_has_fewer() -> None:
    hub: Hub = World(streams_max=3).services.hub
    async with AsyncExitStack() as opened:
        streams = [await opened.enter_async_context(following(hub, VIEWER)) for _ in range(3)]

        admins = await opened.enter_async_context(following(hub, ADMIN))

        assert [stream.closed for stream in streams] == [True, False, False]
        assert not admins.closed
        assert hub.listening == 3
        with pytest.raises(TooManyStreams, match="2 of them yours"):
            await opened.enter_async_context(following(hub, VIEWER))


async def test_one_person_may_have_all_streams_while_nobody_else_wants_one() -> None:
    hub: Hub = World(streams_max=3).services.hub
    async with AsyncExitStack() as opened:
        streams = [await opened.enter_async_context(following(hub, VIEWER)) for _ in range(3)]

        assert not any(stream.closed for stream in streams)


async def test_probes_answer_while_every_thread_of_the_history_is_taken() -> None:
    world = World(users=USERS)
    thread_pools = world.app.state.thread_pools
    ending = threading.Event()
    taken = [
        asyncio.ensure_future(thread_pools.history.run(lambda: ending.wait(20), f"name {number}"))
        for number in range(40)
    ]
    await asyncio.sleep(0)

    async with world.client() as client:
        answers = [
            await client.request(method, path)
            for path in ("/livez", "/readyz", "/healthcheck")
            for method in ("GET", "HEAD")
        ]

    assert [answer.status_code for answer in answers] == [200] * 6
    ending.set()
    await asyncio.gather(*taken)


async def test_only_so_many_passwords_of_strangers_wait_to_be_checked() -> None:
    world = World(users=USERS)
    async with world.client() as client:
        answers = await asyncio.gather(
            *(client.get("/api/v1/status", headers=basic("vera", "wrong")) for _ in range(9))
        )

    refused = [answer for answer in answers if answer.status_code == 503]
    assert {answer.status_code for answer in answers} == {401, 503}
    assert len(refused) == 4
    assert problem_of(refused[0])["detail"] == (
        "Too many passwords are being checked. Try again soon."
    )
    assert refused[0].headers["retry-after"] == "2"


async def test_passwords_that_were_not_checked_do_not_count_as_attempts() -> None:
    world = World(users=USERS)
    async with world.client() as client:
        await asyncio.gather(
            *(client.get("/api/v1/status", headers=basic("vera", "wrong")) for _ in range(9))
        )

        later = [
            await client.get("/api/v1/status", headers=basic("vera", "wrong")) for _ in range(5)
        ]

    assert [answer.status_code for answer in later] == [401] * 5


async def test_tokens_are_asked_for_whoever_checks_passwords() -> None:
    world = World(users=USERS)
    headers = bearer(world.ledger, "admin")
    async with world.client() as client:
        guesses = [
            asyncio.ensure_future(client.get("/api/v1/status", headers=basic("vera", "wrong")))
            for _ in range(9)
        ]

        answer = await client.get("/api/v1/status", headers=headers)

        await asyncio.gather(*guesses)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/api/v1/tasks", "/api/v1/tasks?q=state:failure", "/api/tasks", "/api/workers"],
    ids=["tasks", "search", "Flower's tasks", "Flower's workers"],
)
async def test_a_script_that_asks_a_hundred_things_at_once_is_answered(path: str) -> None:
    world = World()

    answers = await asyncio.gather(*(world.get(path) for _ in range(100)))

    assert {answer.status_code for answer in answers} == {200}
