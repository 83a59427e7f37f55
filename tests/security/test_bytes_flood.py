"""Memory does not follow readers who do not read."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.security.floods import serving

pytestmark = pytest.mark.flood

READERS = 60
ROUNDS = 3
MOST_MB = 200


@pytest.mark.parametrize("path", ["/api/v1/tasks?limit=200&n={}", "/api/tasks?n={}"])
def test_pages_with_the_longest_texts_that_nobody_reads(tmp_path: Path, path: str) -> None:
    path = path.replace("&n={}", "").replace("?n={}", "")
    peak = 0.0
    with serving(tmp_path / "log") as server:
        for _ in range(ROUNDS):
            with server.asking(READERS, path, "viewer"):
                for _ in range(10):
                    time.sleep(0.3)  # what nobody reads tells nothing to wait for
                    peak = max(peak, server.rss_mb())
                with server.client("admin") as admin:
                    page = admin.get("/api/v1/tasks", params={"limit": 200})
            assert page.status_code == 200
            print(f"{server.rss_mb():.0f} MB, at most {peak:.0f}")  # noqa: T201

    assert peak < MOST_MB
