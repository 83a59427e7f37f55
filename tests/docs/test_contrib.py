"""The dashboard and the alert rules of `contrib/` ask for what `/metrics` tells."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.api.metrics.scene import families, world_of
from tests.support.exposition import Family
from tests.support.promql import metrics_of, missing

CONTRIB = Path(__file__).resolve().parents[2] / "contrib"
DASHBOARD = CONTRIB / "grafana" / "umbel.json"
RULES = CONTRIB / "prometheus" / "alerts.yml"
_EXPRESSION = re.compile(r"^ +expr: (?:>-\n((?: {10}.+\n)+)|(.+)\n)", re.MULTILINE)
#: Told by a server with several clusters alone.
_OF_SEVERAL = "umbel_cluster_readable"


@pytest.fixture(scope="module")
def exported() -> dict[str, Family]:
    return anyio.run(families, world_of())


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    return found


def queries() -> Iterator[str]:
    for panel in panels():
        for target in panel.get("targets", ()):
            yield target["expr"]


def expressions() -> list[str]:
    return ["".join(each) for each in _EXPRESSION.findall(RULES.read_text("utf-8"))]


def test_every_query_of_the_dashboard_finds_its_metrics(exported: dict[str, Family]) -> None:
    assert {query: wrong for query in queries() if (wrong := missing(query, exported))} == {}


def test_panels_do_not_lie_on_one_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in panels()}) == len(panels())


def test_every_alert_rule_finds_its_metrics(exported: dict[str, Family]) -> None:
    found = expressions()

    assert len(found) == RULES.read_text("utf-8").count("- alert:")
    assert {
        each: wrong
        for each in found
        if _OF_SEVERAL not in metrics_of(each) and (wrong := missing(each, exported))
    } == {}


@pytest.mark.parametrize(
    "command", [["check", "rules", RULES.name], ["test", "rules", "alerts.test.yml"]]
)
def test_promtool_takes_the_rules(command: list[str]) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("There is no promtool here; it comes with Prometheus.")

    done = subprocess.run(
        [promtool, *command], cwd=RULES.parent, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_what_metrics_tells() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("There is no promtool here; it comes with Prometheus.")
    world = world_of()
    text = anyio.run(world.get, "/metrics").text

    done = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )

    # 3 is for names that its linter would have chosen otherwise, which are not ours to choose.
    assert done.returncode in {0, 3}, done.stderr
    assert "error while linting" not in done.stderr
    assert "umbel_" not in done.stderr
