"""Warnings that anybody can bring about."""

from __future__ import annotations

import logging

from umbel.web.log_throttle import LogThrottle


def record(message: str, *args: object, level: int = logging.WARNING) -> logging.LogRecord:
    return logging.LogRecord("umbel.web", level, __file__, 1, message, args, None)


def test_what_strangers_bring_about_is_said_once_a_minute_with_how_often_it_was() -> None:
    now = 0.0
    throttle = LogThrottle(60.0, lambda: now)
    lines: list[str] = []

    for now in (0.0, 1.0, 59.0, 61.0, 62.0):
        line = record("No room for %s.", now)
        if throttle.filter(line):
            lines.append(line.getMessage())

    assert lines == ["No room for 0.0.", "No room for 61.0. (And 2 times more since.)"]


def test_errors_are_said_each_time() -> None:
    throttle = LogThrottle()
    line = record("It failed.", level=logging.ERROR)

    assert all(throttle.filter(line) for _ in range(3))
