"""The columns of the Tasks page that are set for everybody."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from umbel.errors import SettingsError
from umbel.query.columns import TASK_COLUMNS
from umbel.query.fields import FIELDS
from umbel.settings import load_settings

PAGE = Path(__file__).parents[3] / "ui" / "src" / "tasks" / "columns.ts"


def columns(tmp_path: Path, **environ: str) -> tuple[str, ...]:
    return load_settings({}, {"HOME": str(tmp_path), **environ}, tmp_path).settings.tasks_columns


def test_the_settings_have_the_columns_of_the_page() -> None:
    in_page = re.findall(r"^  column\('(\w+)'", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert {*TASK_COLUMNS} - {"args", "kwargs"} == {*in_page} - {"call"}
    assert {*TASK_COLUMNS} - {"changed"} <= FIELDS.keys()


@pytest.mark.parametrize("variable", ["UMBEL_TASKS_COLUMNS", "FLOWER_TASKS_COLUMNS"])
def test_columns_are_named_as_in_flower(tmp_path: Path, variable: str) -> None:
    assert columns(tmp_path) == ()
    assert columns(tmp_path, **{variable: "uuid, state,state,all"}) == ("uuid", "state", "all")


def test_a_column_that_does_not_exist_is_told_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"did you mean routing_key\?"):
        columns(tmp_path, FLOWER_TASKS_COLUMNS="uuid,routingkey")
