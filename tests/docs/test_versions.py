"""The page of supported versions, the sets that prove it, and the bounds of the package."""

from __future__ import annotations

import re
import tomllib

from tests.architecture.sources import ROOT

LOCKS = {"oldest": "oldest.txt", "middle": "middle.txt", "newest": "lock.txt"}
PAGE = ROOT / "docs" / "versions.md"


def locked(name: str) -> dict[str, str]:
    """The versions that a set pins, by package."""
    text = (ROOT / "requirements" / LOCKS[name]).read_text()
    return {
        package.lower(): version
        for package, version in re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE)
    }


def told() -> dict[str, dict[str, str]]:
    """What the table says: by set, the version of each package."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.read_text().splitlines()
        if line.startswith("| ")
    ]
    (_, *names), *packages = rows
    return {name: {row[0]: row[number] for row in packages} for number, name in enumerate(names, 1)}


def test_the_table_is_what_the_runs_of_each_set_used() -> None:
    table = told()

    assert "oldest" in table
    assert table.keys() <= LOCKS.keys()
    for name, row in table.items():
        versions = {package: version for package, version in row.items() if package != "Python"}
        assert versions == {package: locked(name)[package] for package in versions}


def test_the_lower_bounds_are_those_of_the_oldest_set() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    bounds = dict(line.split(">=") for line in project["dependencies"])
    pinned = locked("oldest")

    assert bounds == {name: pinned[name] for name in bounds}
    assert project["requires-python"] == f">={told()['oldest']['Python']}"


def test_redis_clients_are_bounded_by_celery_and_kombu_alone() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    for extra in ("redis", "demo"):
        wanted = project["optional-dependencies"][extra]
        assert {re.split(">=", line)[0] for line in wanted} >= {"celery[redis]", "kombu[redis]"}
        assert not any(line.startswith("redis") for line in wanted)
