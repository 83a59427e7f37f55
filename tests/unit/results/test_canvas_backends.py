"""Groups as Celery's own backends keep them in files and in a database, read back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from celery.result import AsyncResult, GroupResult

from umbel.errors import ResultsUnavailable
from umbel.results.base import CanvasRecords
from umbel.results.lazy import LazyResults
from umbel.results.opening import open_results


@pytest.fixture(params=["file://{}", "db+sqlite:///{}/results.db"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Celery]:
    app = Celery("canvas", backend=request.param.format(tmp_path), set_as_current=False)
    yield app
    app.close()


@pytest.fixture
def records(app: Celery) -> Iterator[CanvasRecords]:
    results = LazyResults(lambda: open_results(app))
    yield results
    results.close()


class Request:
    """Of a task that sent a group of two."""

    def __init__(self, group: GroupResult) -> None:
        self.children = [group]
        self.group = None
        self.id = "sender"


def group_of(app: Celery) -> GroupResult:
    members: Any = [AsyncResult("a", app=app), AsyncResult("b", app=app)]
    return GroupResult("g", members, app=app)


def test_a_saved_group_has_its_members(app: Celery, records: CanvasRecords) -> None:
    group_of(app).save()

    found = records.kept_groups(("g", "other", "odd\0id"), 1.0)

    assert {group_id: group.members for group_id, group in found.items()} == {"g": ("a", "b")}


def test_a_task_has_the_groups_that_it_sent(app: Celery, records: CanvasRecords) -> None:
    app.backend.store_result("sender", 1, "SUCCESS", request=Request(group_of(app)))

    found = records.task_canvases(("sender", "nobody", "../odd\0"), 1.0)

    kept = {each: [group.members for group in found[each].sent] for each in found}
    assert kept in ({"sender": [("a", "b")]}, {"sender": []})  # a table may have no such column


def test_rubbish_is_passed_over(app: Celery, records: CanvasRecords, tmp_path: Path) -> None:
    app.backend.store_result("other", 1, "SUCCESS")
    for path in ("celery-taskset-meta-g", "celery-task-meta-sender"):
        (tmp_path / path).write_bytes(b"\x80\x04cos\nsystem\n.")

    assert records.kept_groups(("g",), 1.0) == {}
    assert records.task_canvases(("sender",), 1.0) == {}


def test_where_there_are_no_results_it_is_said() -> None:
    app = Celery("canvas", backend="disabled://", set_as_current=False)
    records = LazyResults(lambda: open_results(app))

    with pytest.raises(ResultsUnavailable, match="No result backend") as caught:
        records.task_canvases((), 1.0)

    assert not caught.value.retriable
    app.close()
