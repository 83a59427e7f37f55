"""A full disk is told, loses nothing, and once there is room everything goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.history import assert_files_are_sound, wait_until_all_is_stored
from tests.support.load import Publisher
from tests.support.mounts import fill_disk, small_disk
from tests.support.umbels import Umbel, umbel_serve
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.rabbitmq, pytest.mark.timeout(240)]

LEFT_BYTES = 256 * 1024


def _blind(umbel: Umbel) -> dict[str, str] | None:
    live: dict[str, str] = umbel.client.live()
    return live if live["state"] == "blind" else None


def test_nothing_is_lost_when_the_disk_is_full_for_a_while(rabbit_url: str, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, "size=48m"):
        with (
            umbel_serve(rabbit_url, disk / "umbel") as umbel,
            Publisher(rabbit_url, rate=1_000, seed=1) as publisher,
        ):
            ballast = fill_disk(disk, LEFT_BYTES)
            wait_until(lambda: "is full" in umbel.process.output(), timeout_s=60)
            live = wait_until(lambda: _blind(umbel), timeout_s=60, what="it to be blind")
            assert f"The disk that holds {umbel.directory}" in live["sentence"]
            assert "is full. Free some space" in live["sentence"]

            ballast.unlink()

            wait_until(umbel.is_live, timeout_s=60, what="it to be live again")
            publisher.stop()
            wait_until_all_is_stored(umbel.directory, publisher.ledger.tasks())
        assert_files_are_sound(umbel.directory)
