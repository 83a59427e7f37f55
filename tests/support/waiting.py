"""Waiting for something to become true, instead of sleeping."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(probe: Callable[[], T | None], *, timeout_s: float = 20.0, what: str = "") -> T:
    """The first truthy answer of `probe`; fails with its last answer after `timeout_s`. What takes
    seconds is probed less and less often, and a probe that costs much, such as a command, leaves
    as much time to what it waits for."""
    started = time.monotonic()
    while True:
        began = time.monotonic()
        answer = probe()
        if answer:
            return answer
        ended = time.monotonic()
        if ended - started > timeout_s:
            raise AssertionError(f"waited {timeout_s} s for {what or probe}; last: {answer!r}")
        pause = min(0.1, max(0.02, (ended - started) / 20))
        time.sleep(min(1.0, max(pause, ended - began)))
