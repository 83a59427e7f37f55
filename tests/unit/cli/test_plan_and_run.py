"""What scripts are told of an action."""

from __future__ import annotations

from typing import Any

import click
import pytest

from umbel.cli.plan_and_run import chosen, exit_code
from umbel.services.control.types import ActionReport, WorkerAnswer

ALONE = "Not permitted: otto may act on tasks billing.* alone."


def report(state: Any = "done", *outcomes: Any, **fields: Any) -> ActionReport:
    workers = tuple(WorkerAnswer(f"w{n}", outcome) for n, outcome in enumerate(outcomes))
    return ActionReport(id="a", state=state, sentence=".", workers=workers, **fields)


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (report(), 0),
        (report("done", "ok", "ok"), 0),
        (report("done", total=5, done=5), 0),
        (report("failed"), 1),
        (report("interrupted"), 1),
        (report("failed", "refused", "refused"), 3),
        (report("cancelled"), 3),
        (report("done", "ok", "unknown"), 4),
        (report("failed", "unknown"), 4),
        (report("done", total=5, done=5, failed=2), 4),
        (report("failed", total=5, done=3), 4),
        (report("cancelled", total=5, done=3), 4),
        (report("done", total=5, done=3, left_out={"It had ended already.": 2}), 0),
        (report("done", total=5, done=3, left_out={ALONE: 2}), 4),
    ],
)
def test_the_exit_code_says_how_it_went(told: ActionReport, code: int) -> None:
    assert exit_code(told) == code


def test_tasks_are_named_or_searched_for_but_not_both() -> None:
    assert chosen(("a", "b"), None) == {"ids": ["a", "b"]}
    assert chosen((), "") == {"q": ""}
    for ids, query in (((), None), (("a",), "state:FAILURE")):
        with pytest.raises(click.UsageError, match="--query"):
            chosen(ids, query)
