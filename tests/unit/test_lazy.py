"""What is opened when it is first used, and takes long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

from umbel.lazy import SlowLazy, StillOpening

T = TypeVar("T")


def elsewhere(call: Callable[[], T]) -> T:
    """What it gives in another thread than the main one."""
    with ThreadPoolExecutor(1) as other:
        return other.submit(call).result(20)


def test_what_hangs_is_waited_for_once() -> None:
    free = threading.Event()
    opened = []

    def open_it() -> str:
        opened.append(1)
        free.wait()
        return "there"

    lazy = SlowLazy(open_it, 0.5)
    began = time.monotonic()
    for _ in range(10):
        with pytest.raises(StillOpening):
            elsewhere(lazy.get)
    assert time.monotonic() - began < 4

    free.set()
    assert lazy.get() == "there"
    assert elsewhere(lazy.get) == "there"
    assert opened == [1]


def test_what_failed_is_tried_again() -> None:
    answers = iter([TimeoutError("no"), None])

    def open_it() -> str:
        error = next(answers)
        if error is not None:
            raise error
        return "there"

    lazy = SlowLazy(open_it, 10)

    with pytest.raises(TimeoutError, match="no"):
        elsewhere(lazy.get)
    assert elsewhere(lazy.get) == "there"


def test_the_main_thread_opens_by_itself() -> None:
    lazy = SlowLazy(threading.current_thread, 10)

    assert lazy.get() is threading.main_thread()
