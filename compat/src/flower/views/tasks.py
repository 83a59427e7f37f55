"""Flower's pages of tasks are Umbel's own."""

from __future__ import annotations

from flower.unserved import unserved

__getattr__ = unserved(
    __name__,
    dict.fromkeys(
        (
            "TasksView",
            "TaskView",
            "TasksDataTable",
            "Comparable",
            "TASK_COLUMNS",
            "visible_task_columns",
        ),
        "Umbel's pages are at /tasks; in a program use flower.utils.tasks.",
    ),
)
