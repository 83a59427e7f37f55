"""One read of a cluster serves all who ask meanwhile, and none of them waits long."""

from __future__ import annotations

import threading

import anyio
import anyio.lowlevel
import pytest

from umbel.errors import StoreBusy, StoreError
from umbel.web.shared_read import READS_MAX, ClusterReads, SharedRead

pytestmark = pytest.mark.anyio


async def test_a_read_that_hangs_is_waited_for_a_while_and_begun_once() -> None:
    answers, begun = threading.Event(), []

    def hang() -> str:
        begun.append(True)
        answers.wait(30)
        return "an answer"

    reading = SharedRead("mail", hang, wait_s=0.05)
    for _ in range(3):
        with pytest.raises(StoreBusy, match=r"history of mail could not be read within 0\.05 s"):
            await reading.get()
    answers.set()

    assert begun == [True]
    with anyio.fail_after(30):
        assert await SharedRead("mail", hang).get() == "an answer"


async def test_who_comes_after_somebody_waited_in_vain_is_told_at_once() -> None:
    answers = threading.Event()
    reading = SharedRead("mail", lambda: answers.wait(30), wait_s=0.3)
    await reading.attempt()

    before = anyio.current_time()
    found = [await reading.attempt() for _ in range(20)]

    assert all(isinstance(each, StoreBusy) for each in found)
    assert anyio.current_time() - before < 20 * 0.3
    answers.set()


async def test_a_cluster_of_which_all_threads_hang_holds_up_nobody_until_one_answers() -> None:
    answers = threading.Event()
    reads = ClusterReads("mail", wait_s=0.3)
    async with anyio.create_task_group() as group:
        for _ in range(READS_MAX):
            group.start_soon(reads.attempt, lambda: answers.wait(30))

    before = anyio.current_time()
    found = [await reads.attempt(lambda: "an answer") for _ in range(20)]

    assert all(isinstance(each, StoreBusy) for each in found)
    assert anyio.current_time() - before < 20 * 0.3
    answers.set()
    with anyio.fail_after(30):
        while await reads.attempt(lambda: "an answer") != "an answer":
            await anyio.lowlevel.checkpoint()


async def test_whatever_goes_wrong_is_an_error_of_that_store() -> None:
    def broken() -> None:
        raise KeyError("a secret")

    with pytest.raises(StoreError, match=r"history of mail could not be read \(KeyError\)"):
        await SharedRead("mail", broken).get()
