"""Which workers lists show."""

from __future__ import annotations

import pytest

from umbel.cluster.worker import Worker
from umbel.services.cluster.listed_workers import is_gone


@pytest.mark.parametrize(
    ("worker", "gone"),
    [
        (Worker(hostname="beats", heartbeat=999.0), False),
        (Worker(hostname="slow", heartbeat=900.0, freq=60.0), False),
        (Worker(hostname="silent", heartbeat=941.0), False),
        (Worker(hostname="long silent", heartbeat=939.0), True),
        (Worker(hostname="just left", heartbeat=900.0, offline=990.0), False),
        (Worker(hostname="left long ago", heartbeat=900.0, offline=901.0), True),
        (Worker(hostname="never heard"), True),
    ],
)
def test_a_worker_is_gone_when_nothing_was_heard_for_so_long(worker: Worker, gone: bool) -> None:
    assert is_gone(worker, 1_000.0, 60.0) == gone


def test_whoever_is_online_is_never_gone() -> None:
    assert not is_gone(Worker(hostname="a", heartbeat=999.0), 1_000.0, 0.0)
