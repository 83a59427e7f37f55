"""What a worker tells of a task's group and chord."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from umbel.worker.group_and_chord import group_and_chord


@pytest.mark.parametrize(
    ("group", "chord", "told"),
    [
        (None, None, {}),
        ("g1", None, {"group_id": "g1"}),
        (
            "g1",
            {"task": "sum", "args": ["secret"], "options": {"task_id": "b1"}},
            {"group_id": "g1", "chord_id": "b1"},
        ),
        ("g1", {"task": "sum", "options": {}}, {"group_id": "g1"}),
        (7, {"options": "odd"}, {}),
    ],
)
def test_it_tells_the_ids_and_nothing_else(group: Any, chord: Any, told: dict[str, str]) -> None:
    assert group_and_chord(SimpleNamespace(group=group, chord=chord)) == told
