"""Floods of one person, beside whom others go on working."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.security.floods import serving

pytestmark = pytest.mark.flood

PLAN = {"action": "revoke", "ids": ["task-1"]}


def test_a_viewer_who_asks_workers_without_end_keeps_nobody_from_planning(tmp_path: Path) -> None:
    with (
        serving(tmp_path / "log") as server,
        server.client() as probe,
        server.client("admin") as admin,
        server.asking(560, "/api/v1/workers/z{}/stats", "viewer"),
    ):
        plans = [admin.post("/api/v1/actions", json=PLAN) for _ in range(3)]
        probes = [
            probe.get(path) for path in ("/livez", "/readyz", "/healthcheck") for _ in range(5)
        ]
        pages = [admin.get("/api/v1/status") for _ in range(5)]

    assert {answer.status_code for answer in (*probes, *pages)} == {200}
    assert {plan.status_code for plan in plans} == {201}
    print(f"plans: {[_seconds(each) for each in plans]} s, pages: {[_seconds(e) for e in pages]} s")  # noqa: T201


def test_a_viewer_who_searches_by_flowers_list_keeps_nobody_from_the_history(
    tmp_path: Path,
) -> None:
    terms = "+OR+".join(f"args.{number}:x" for number in range(100))
    with (
        serving(tmp_path / "log") as server,
        server.client() as probe,
        server.client("admin") as admin,
        server.asking(60, f"/api/tasks?limit=5&search={terms}&n={{}}", "viewer"),
    ):
        answers = [probe.get("/readyz"), admin.get("/api/v1/status")]

    assert {answer.status_code for answer in answers} == {200}
    print(f"answers: {[_seconds(each) for each in answers]} s")  # noqa: T201


def _seconds(answer: httpx.Response) -> float:
    return round(answer.elapsed.total_seconds(), 2)
