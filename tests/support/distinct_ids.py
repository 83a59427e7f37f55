"""Every test has an id of its own. pytest-xdist shares work out by ids and forgets without a word
all but one of those tests that have the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse to run when some tests would not be."""
    # What is raised in a process of pytest-xdist nobody reads; its ids are judged below.
    if not hasattr(config, "workerinput"):
        _must_be_distinct(item.nodeid for item in items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(ids: list[str]) -> None:
    """The same for the ids that a process of pytest-xdist has found."""
    _must_be_distinct(ids)


def _must_be_distinct(ids: Iterable[str]) -> None:
    if again := [name for name, count in Counter(ids).items() if count > 1]:
        raise pytest.UsageError(
            "these ids are those of several tests, of which pytest-xdist would run one. Give each"
            f" an id of its own: {', '.join(again)}"
        )
