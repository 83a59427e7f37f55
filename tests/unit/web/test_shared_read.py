"""One read of a cluster serves all who ask meanwhile, and none of them waits long."""

from __future__ import annotations

import threading

import anyio
import pytest

from umbel.errors import StoreBusy, StoreError
from umbel.web.shared_read import SharedRead

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


async def test_whatever_goes_wrong_is_an_error_of_that_store() -> None:
    def broken() -> None:
        raise KeyError("a secret")

    with pytest.raises(StoreError, match=r"history of mail could not be read \(KeyError\)"):
        await SharedRead("mail", broken).get()
