"""A history is of one cluster: another one is refused, and told which is which."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.brokers import redis_database
from tests.support.umbels import UMBEL, umbel_environment, umbel_serve
from tests.support.waiting import wait_until

pytestmark = pytest.mark.redis


@pytest.fixture
def brokers() -> Iterator[tuple[str, str]]:
    with redis_database() as one, redis_database() as other:
        yield one, other


def refused(command: str, broker: str, directory: Path) -> str:
    done = subprocess.run(
        [UMBEL, command, "-b", broker, "--data", str(directory), "--port", "0"],
        env=umbel_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    return done.stderr


def test_another_cluster_is_refused_in_the_directory_of_the_first(
    brokers: tuple[str, str], tmp_path: Path
) -> None:
    one, other = (url.replace("127.0.0.1", "localhost") for url in brokers)
    directory = tmp_path / "data"
    with umbel_serve(brokers[0], directory):
        # Two at once, and what was begun stays as it is.
        assert f"is of the cluster at {one}, not of {other}" in refused(
            "serve", brokers[1], directory
        )
    assert "--data" in refused("collect", brokers[1], directory)

    with umbel_serve(brokers[0].replace("127.0.0.1", "localhost"), directory):
        pass
    with umbel_serve(brokers[1], directory, "--cluster-moved"):
        pass
    assert f"is of the cluster at {other}, not of {one}" in refused("serve", brokers[0], directory)


def test_logs_in_json_are_json_throughout(brokers: tuple[str, str], tmp_path: Path) -> None:
    directory, log = tmp_path / "data", tmp_path / "data.log"
    with umbel_serve(brokers[0], directory, "--log-format", "json", "--log-level", "info"):
        wait_until(lambda: "Umbel watches" in log.read_text(), what="the banner")
    lines = log.read_text().splitlines()

    assert "\x1b" not in log.read_text()
    assert [each for each in lines if "message" not in json.loads(each)] == []
