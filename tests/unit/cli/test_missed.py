"""The line beside a list that says what it does not hold."""

from __future__ import annotations

import pytest

from umbel.cli.missed import MissedReport, print_missed
from umbel.cluster.task import Task
from umbel.services.search.incomplete import Incomplete
from umbel.services.search.task_page import TaskPage
from umbel.store.base import KeptGap

GAP = KeptGap(1_000.0, 1_095.0, "collector-away", collector="c")


def test_a_list_without_a_hole_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    MissedReport().print_warning()

    assert capsys.readouterr().err == ""


def test_a_hole_is_told_once_with_its_cause(capsys: pytest.CaptureFixture[str]) -> None:
    missed = MissedReport()
    for _ in range(2):
        missed.note(Incomplete(start=None, end=None, missed_s=95.0, lost=12, gaps=(GAP,)))
    missed.print_warning()

    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == (
        "In the time of these tasks events of 95 s may be missing, since Umbel's collector did "
        "not run; by the workers' own counts 12 tasks began of which nothing was heard.\n"
    )


def test_of_a_list_that_is_counted_the_hole_is_in_its_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_missed(None)
    print_missed(Incomplete(start=None, end=None, missed_s=95.0, lost=0, gaps=(GAP,)))

    assert capsys.readouterr().err == (
        "In this time events of 95 s may be missing, since Umbel's collector did not run.\n"
    )


def test_a_list_that_time_cut_short_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    missed = MissedReport()
    missed.note_page(page(reached=None, next="a cursor"))
    missed.note_page(page(reached=1_000.0, next=None))
    missed.print_warning()

    assert capsys.readouterr().err == (
        "Time ran out: only what was first seen back to 1970-01-01 00:16:40 is sorted here. A "
        "narrower search sorts all that it finds.\n"
    )


def page(reached: float | None, next: str | None) -> TaskPage[Task]:  # noqa: A002
    return TaskPage(
        items=(), next=next, complete=False, reached=reached, sentence="", seq=0, incomplete=None
    )
