"""What a `log-lines` event may hold, and what is made of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from umbel.cluster.decode import decode
from umbel.cluster.events import LOG_TEXT_MAX, LogLine, LogLines
from umbel.cluster.task_log import bounded, plain_text

NOW = 1_795_344_000.0


def decoded(log_lines: Any, **fields: Any) -> Any:
    event = {
        "type": "log-lines", "timestamp": NOW, "hostname": "w@a", "uuid": "t1", "retries": 0,
        "log_lines": log_lines,
    }  # fmt: skip
    return decode(json.dumps(event | fields).encode(), NOW)


def test_lines_are_read_as_they_were_sent() -> None:
    (event,) = decoded(
        [NOW, 1, 2, 0, [[NOW, 20, "shop", "one", 0], [NOW, 40, "shop", "two"]]]
    ).events

    assert event.log_lines == LogLines(
        NOW, 1, 2, 0, (LogLine(NOW, 20, "shop", "one"), LogLine(NOW, 40, "shop", "two"))
    )


def test_what_no_store_can_hold_is_made_fit() -> None:
    lines = [[NOW, 20, "shop", "x" * 1_000_000], ["late", "x", None, "\0\ud800", -3]]
    (event,) = decoded([NOW, -1, 2**80, "1", lines]).events

    first, second = event.log_lines.lines
    assert len(first.text) == LOG_TEXT_MAX
    assert first.cut > 0
    assert second == LogLine(0.0, 0, "", "\N{SYMBOL FOR NULL}\\ud800", 0)
    assert (event.log_lines.first, event.log_lines.left_out) == (0, 1)


@pytest.mark.parametrize("odd", [7, "x", [], [1, 2, 3], [NOW, 1, 1, 0, 7], [NOW, 1, 1, 0, [[1]]]])
def test_another_shape_is_a_fault_and_harms_nothing_else(odd: Any) -> None:
    found = decoded(odd)

    assert (found.events, [fault.reason for fault in found.faults]) == ([], ["odd-field"])


def test_lines_of_no_task_are_a_fault() -> None:
    found = decoded([NOW, 1, 1, 0, []], uuid=None, timestamp="x")

    assert [fault.reason for fault in found.faults] == ["no-uuid"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\nof two lines", "plain\ttext\nof two lines"),
        ("\x1b[1;31mred\x1b[0m \x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "red link"),
        ("10%\r20%\r\n", "10%\n20%\n"),
        ("\x1bP1;2|data\x1b\\\x1b(B\x1b", "\N{SYMBOL FOR ESCAPE}"),
        ("bell\x07 \x85 \x7f", "bell\N{SYMBOL FOR BELL} \ufffd \N{SYMBOL FOR DELETE}"),
    ],
)
def test_commands_for_terminals_are_taken_out(text: str, shown: str) -> None:
    assert plain_text(text) == shown


def test_commands_that_never_end_take_no_time() -> None:
    text = "\x1b]" * 100_000 + "\x1bP" * 100_000 + "\x1b[" * 100_000

    assert len(plain_text(text)) <= len(text)


def test_what_stays_of_a_log_is_its_beginning_and_its_end() -> None:
    sizes = {(0, 1.0, "w", 1, number, number): 10 for number in range(10)}

    assert {key[4] for key in bounded(sizes, 25)} == {0, 1, 8, 9}
    assert bounded(sizes, 100) == set(sizes)
