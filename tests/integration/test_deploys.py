"""A deploy of real workers is noticed: they are restarted and register other names."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.brokers import redis_database
from tests.support.umbels import Umbel, umbel_serve
from tests.support.waiting import wait_until
from tests.support.workers import celery_worker

APP = "tests.integration.deployapp"
BEFORE, AFTER = "shop.pay shop.ship shop.mail", "shop.pay shop.ship shop.refund"


@contextlib.contextmanager
def workers(broker: str, names: str, folder: Path) -> Iterator[None]:
    environment = {"UMBEL_TEST_BROKER": broker, "UMBEL_TEST_NAMES": names}
    with contextlib.ExitStack() as running:
        for name in ("a@test", "b@test"):
            log = folder / f"{name}-{len(names)}.log"
            running.enter_context(
                celery_worker(APP, environment, log, name=name, pool="solo", concurrency=1)
            )
        yield


def deploys(umbel: Umbel) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = umbel.client.get("deploys")["items"]
    return found


def online(umbel: Umbel) -> int:
    return sum(each["status"] == "online" for each in umbel.client.get("workers")["items"])


@pytest.mark.thorough
def test_workers_that_come_back_with_other_names_are_a_deploy(tmp_path: Path) -> None:
    with redis_database() as broker, umbel_serve(
        broker, tmp_path / "umbel", "--samples-period", "1s"
    ) as umbel:  # fmt: skip
        with workers(broker, BEFORE, tmp_path):
            wait_until(lambda: online(umbel) == 2, timeout_s=60)
            # The names by which the others are judged are known.
            wait_until(lambda: umbel.client.status()["samples"]["workers"] == 2, timeout_s=60)
            wait_until(lambda: len(umbel.client.get("registered")["items"]) == 3, timeout_s=60)
            assert deploys(umbel) == []
        with workers(broker, AFTER, tmp_path):
            wait_until(
                lambda: any("names" in mark["kinds"] for mark in deploys(umbel)), timeout_s=120
            )
            wait_until(lambda: deploys(umbel)[0]["workers"] == 2, timeout_s=60)

        (mark,) = deploys(umbel)
        assert mark["kinds"] == ["names", "restart"]
        assert (mark["added"], mark["removed"]) == (["shop.refund"], ["shop.mail"])
        assert (mark["by"], mark["version"]) == (None, None)
