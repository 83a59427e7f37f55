"""Log lines for people and for programs."""

from __future__ import annotations

import json
import logging
import sys

from umbel.logs import JsonLines, TextLines


def record(message: str, *args: object, **more: object) -> logging.LogRecord:
    made = logging.LogRecord("umbel.broker", logging.WARNING, __file__, 1, message, args, None)
    made.created = 1_800_000_000.25
    vars(made).update(more)
    return made


def test_a_text_line_has_time_level_name_and_sentence() -> None:
    line = TextLines().format(record("%s does not answer.", "Redis"))

    assert line == "2027-01-15T08:00:00Z warning umbel.broker: Redis does not answer."


def test_a_json_line_is_one_object_with_what_came_beside_it() -> None:
    line = JsonLines().format(record("Zoë's\nbroker", queue="mail", path=object))

    assert "\n" not in line
    assert json.loads(line) == {
        "time": "2027-01-15T08:00:00.250+00:00",
        "level": "warning",
        "logger": "umbel.broker",
        "message": "Zoë's\nbroker",
        "queue": "mail",
        "path": "<class 'object'>",
    }


def test_a_json_line_tells_the_exception() -> None:
    try:
        raise ValueError("no such queue")
    except ValueError:
        line = JsonLines().format(record("It failed.", exc_info=sys.exc_info()))

    assert json.loads(line)["exception"].endswith("ValueError: no such queue")


def test_a_json_line_has_no_colours() -> None:
    record = logging.makeLogRecord(
        {"msg": "\x1b[36mStarted\x1b[0m", "color_message": "\x1b[36mStarted\x1b[0m"}
    )

    line = JsonLines().format(record)

    assert "\\u001b" not in line
    assert json.loads(line)["message"] == "Started"


HOSTILE = (
    "fe80::1%\x1b[31mEVIL\x9b\r\n2027-01-15T08:00:00Z error umbel: forged\u202e\u2028\ud800\x7f"
)


def test_a_sentence_is_one_line_that_acts_on_no_terminal() -> None:
    line = TextLines().format(record("from %s", HOSTILE))

    assert line == (
        "2027-01-15T08:00:00Z warning umbel.broker: from fe80::1%\\x1b[31mEVIL\\x9b\\r\\n"
        "2027-01-15T08:00:00Z error umbel: forged\\u202e\\u2028\\ud800\\x7f"
    )


def test_an_exception_cannot_look_like_a_line_of_the_log() -> None:
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        first, *rest = TextLines().format(record("No.", exc_info=sys.exc_info())).split("\n")

    assert first.endswith("umbel.broker: No.")
    assert all(line.startswith("  ") for line in rest)
    assert all(character.isprintable() for line in rest for character in line)


def test_a_json_line_keeps_every_character_and_shows_none_that_acts() -> None:
    line = JsonLines().format(record("from %s", HOSTILE))

    assert line.isprintable()
    assert json.loads(line)["message"] == f"from {HOSTILE}".replace("\x1b[31m", "")
