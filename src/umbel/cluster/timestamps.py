"""ISO 8601 times as Celery writes them, parsed to Unix seconds."""

from __future__ import annotations

from datetime import UTC, datetime


def parse_iso(text: str | None) -> float | None:
    """An ISO 8601 time (or a number in text) as Unix seconds; None if it is neither.

    Celery writes `eta` and `expires` with an offset; one without is UTC.
    """
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return _number(text)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < 1e11 else None
