"""Who waits longest is next, whoever else comes."""

from __future__ import annotations

import threading
from functools import partial

from tests.support.waiting import wait_until
from umbel.broker.fifo_semaphore import FifoSemaphore


def test_so_many_have_it_at_once() -> None:
    semaphore = FifoSemaphore(2)

    assert [semaphore.acquire(0.01) for _ in range(3)] == [True, True, False]

    semaphore.release()
    assert semaphore.acquire(0.01)


def test_it_is_handed_on_in_the_order_in_which_it_was_asked_for() -> None:
    semaphore = FifoSemaphore(1)
    order: list[int] = []
    assert semaphore.acquire(0)

    def take(number: int) -> None:
        assert semaphore.acquire(20)
        order.append(number)

    for number in range(5):
        threading.Thread(target=take, args=(number,)).start()
        wait_until(partial(_waits, semaphore, number + 1))

    for number in range(5):
        semaphore.release()
        wait_until(partial(order.__contains__, number))

    assert order == [0, 1, 2, 3, 4]


def _waits(semaphore: FifoSemaphore, count: int) -> bool:
    return semaphore.waiting == count
