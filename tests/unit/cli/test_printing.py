"""What reaches a terminal."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umbel.cli import printing
from umbel.csv_lines import iso
from umbel.errors import OutcomeUntold

NASTY = "\x1b[31mred\x00\x9b2J\u202eevil\ud800 ok é 漢"


def test_nothing_that_acts_on_a_terminal_gets_through() -> None:
    shown = printing.clean(NASTY)

    assert shown == "\\x1b[31mred\\x00\\x9b2J\\u202eevil\\ud800 ok é 漢"
    assert printing.clean("a\nb\tc") == "a\\nb\\tc"
    assert printing.clean("a\nb\x1b", lines=True) == "a\nb\\x1b"


@given(st.text())
def test_cleaned_text_is_printable_and_json_stays_what_it_was(text: str) -> None:
    assert printing.clean(text).isprintable()
    line = printing.as_json({"text": text})
    assert line.isprintable()
    assert json.loads(line) == {"text": text}


def test_a_table_in_a_pipe_is_whole_with_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"name": "x" * 300, "state": "a\tb"}, {"name": "y"}]

    assert printing.print_table(rows, ("name", "state")) == 2

    lines = capsys.readouterr().out.splitlines()
    assert lines == ["name\tstate", f"{'x' * 300}\ta\\tb", "y\t"]


def test_a_table_at_a_terminal_fits(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "40")
    rows = [{"uuid": "u" * 36, "name": "n" * 60, "state": "FAILURE"}]

    printing.print_table(rows, ("state", "name", "uuid"))

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert all(len(line.replace("\x1b[1m", "").replace("\x1b[0m", "")) <= 40 for line in lines)
    assert "FAILURE" in lines[1]


def test_many_columns_fit_a_terminal_of_80_and_a_short_id_stays_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    heads = [f"a long head {number}" for number in range(8)]
    row = {"id": "02c666585da4", "sentence": "x" * 90} | dict.fromkeys(heads, "7")

    printing.print_table([row], ("id", *heads, "sentence"))

    head, line = capsys.readouterr().out.splitlines()
    assert line.startswith("02c666585da4  7 ")
    assert len(line) <= 80
    assert len(head.replace("\x1b[1m", "").replace("\x1b[0m", "")) <= 80


def test_on_a_narrow_terminal_what_names_a_row_is_readable_and_no_number_is_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "40")
    row = {
        "received": "2026-11-30 22:58:07",
        "state": "FAILURE",
        "name": "shop.orders.charge",
        "tasks": "1,234,567",
        "uuid": "7cc35f26-3800-4a52-9d0e-0a8f1c2b3d4e",
    }

    printing.print_table([row], tuple(row))

    printed = capsys.readouterr()
    assert printed.out.splitlines()[1] == "FAILURE  shop.orders.charge  7cc35f26-3…"
    assert printed.err == "No room here for: received, tasks.\n"

    monkeypatch.setenv("COLUMNS", "80")
    printing.print_table([row], tuple(row))

    printed = capsys.readouterr()
    assert printed.out.splitlines()[1] == (
        "2026-11-30 22:58:07  FAILURE  shop.orders.charge  1,234,567  7cc35f26-3800-4a52…"
    )
    assert printed.err == ""


def test_a_table_at_a_terminal_counts_what_characters_take(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "30")
    rows = [{"who": "渡辺 陽菜", "what": "x" * 40}, {"who": "Zoe\u0301", "what": "漢" * 40}]

    printing.print_table(rows, ("who", "what"))

    _, first, second = capsys.readouterr().out.splitlines()
    assert first == f"渡辺 陽菜  {'x' * 18}…"
    assert second == f"Zoe\u0301        {'漢' * 9}…"


def test_a_terminal_of_another_encoding_is_told_what_it_cannot_show(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, "latin-1"))

    printing.say("José 渡 😀")
    printing.put_json({"name": "José 渡 😀"})

    said, line = written.getvalue().decode("latin-1").splitlines()
    assert said == "José \\u6e21 \\U0001f600"
    assert json.loads(line) == {"name": "José 渡 😀"}


def test_csv_keeps_commas_and_missing_values(capsys: pytest.CaptureFixture[str]) -> None:
    printing.print_csv([{"a": 'x,"y"', "b": None}, {"a": "\x1b", "b": 1.5}], ("a", "b"))

    assert capsys.readouterr().out == '"a","b"\n"x,""y""",""\n"\\x1b","1.5"\n'


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+CMD", "'+CMD"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\\t=1"),
        ("\r=1", "'\\r=1"),
        ("＝1+1", "'＝1+1"),
        (["=1"], "['=1']"),
        ("a=1", "a=1"),
        ("-1.5", "-1.5"),
        ("+3e-7", "+3e-7"),
        (-1.5, "-1.5"),
        (-1e-07, "-1e-07"),
        (float("-inf"), "-inf"),
        ("-٣", "'-٣"),
        ("", ""),
    ],
)
def test_csv_holds_no_formula_and_numbers_stay_numbers(
    value: object, cell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    printing.print_csv([{"a": value}], ("a",))

    assert capsys.readouterr().out == f'"a"\n"{cell}"\n'


def test_csv_can_be_left_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    printing.print_csv([{"a": "=1+1"}], ("a",), guarded=False)

    assert capsys.readouterr().out == '"a"\n"=1+1"\n'


def test_what_fails_after_the_deed_says_that_it_was_done() -> None:
    with (
        pytest.raises(OutcomeUntold) as raised,
        printing.telling("The task was sent; its id is 7."),
    ):
        raise OSError("no room")

    said = str(raised.value)
    assert said.startswith("The task was sent; its id is 7. But ")
    assert "no room" in said
    assert "umbel audit" in said


def test_a_reader_that_has_enough_is_no_failure_of_the_deed() -> None:
    with pytest.raises(BrokenPipeError), printing.telling("The task was sent."):
        raise BrokenPipeError


@pytest.mark.parametrize(
    ("value", "cell"),
    [("a;=1+1", "a;'=1+1"), ("a;b", "a;b"), ("x; @sum", "x; '@sum"), ("a|-1", "a|'-1")],
)
def test_csv_is_safe_where_another_separator_begins_a_cell(
    capsys: pytest.CaptureFixture[str], value: str, cell: str
) -> None:
    printing.print_csv([{"a": value}], ("a",))

    assert capsys.readouterr().out == f'"a"\n"{cell}"\n'


def test_times_for_programs_are_iso() -> None:
    assert iso(1_767_225_600.5) == "2026-01-01T00:00:00.500Z"
    assert iso(None) == ""
