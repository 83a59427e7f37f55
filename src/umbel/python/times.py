"""Times that callers give (datetimes, numbers, texts) as Unix seconds."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Final

#: How a time is written as text; the second form has seconds.
TIME_FORMATS: Final = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")

TimeLike = datetime | float | int | str | None


def unix_span(start: TimeLike, end: TimeLike) -> tuple[float | None, float | None]:
    """From when until when, in Unix seconds. Raises `ValueError` as `unix_time` does, and where
    the start is not before the end."""
    since, until = unix_time(start, "start"), unix_time(end, "end")
    if since is not None and until is not None and since >= until:
        raise ValueError("start must lie before end.")
    return since, until


def unix_time(value: TimeLike, name: str) -> float | None:
    """`value` in Unix seconds; None stays None.

    A datetime or a text without a zone is local time, as `datetime.timestamp` has it. Raises
    `ValueError`, which names the parameter and what it takes.
    """
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    if isinstance(value, str):
        for form in TIME_FORMATS:
            try:
                return datetime.strptime(value.strip(), form).timestamp()  # noqa: DTZ007
            except (ValueError, OverflowError):
                continue
    hint = " (a date alone has no clock)" if isinstance(value, date) else ""
    raise ValueError(
        f"{name} cannot be {value!r}{hint}: it takes a datetime, a number of Unix seconds, or a "
        "text like 2026-11-22 09:30 (%Y-%m-%d %H:%M)."
    )
