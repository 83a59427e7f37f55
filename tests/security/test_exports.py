"""A text in an exported table is a text in every spreadsheet, whatever it divides cells at."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umbel.cli import printing

ODD = ["x;=1+1", "=1+1", 'a"; =cmd()', "b|@SUM(A1)", "c\t=2", "\n=3", "';=1", '";"=1', "＝1"]
FORMULA = re.compile("[=+@＝＋＠-]")


def exported(rows: list[dict[str, str]], capsys: pytest.CaptureFixture[str]) -> str:
    printing.print_csv(rows, tuple(rows[0]))
    return capsys.readouterr().out


@pytest.mark.parametrize("divider", [",", ";", "\t", "|"])
@pytest.mark.parametrize("odd", ODD)
def test_no_cell_begins_with_a_formula_whatever_the_divider(
    odd: str, divider: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = exported([{"a": odd, "b": odd}, {"a": "plain", "b": odd}], capsys)

    for row in csv.reader(io.StringIO(text), delimiter=divider):
        for cell in row:
            assert not FORMULA.match(cell.lstrip(' "')), row


@given(st.lists(st.text(st.characters(), max_size=6), min_size=2, max_size=2))
def test_a_table_has_as_many_cells_as_it_should(cells: list[str]) -> None:
    written = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", written)
        printing.print_csv([dict(zip("ab", cells, strict=True))], ("a", "b"))

    assert [len(row) for row in csv.reader(io.StringIO(written.getvalue()))] == [2, 2]
