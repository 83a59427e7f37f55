"""Times as Celery writes them, in Unix seconds."""

from __future__ import annotations

import pytest

from umbel.cluster.timestamps import parse_iso


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2027-01-15T08:00:00+00:00", 1_800_000_000.0),
        ("2027-01-15T10:00:00.500000+02:00", 1_800_000_000.5),
        ("2027-01-15T08:00:00", 1_800_000_000.0),
        ("2027-01-15T08:00:00Z", 1_800_000_000.0),
        ("1800000000.25", 1_800_000_000.25),
        (None, None),
        ("", None),
        ("tomorrow", None),
        ("nan", None),
        ("inf", None),
        ("-5", None),
        ("9" * 400, None),
        ("0001-01-01T00:00:00+14:00", -62135647200.0),
    ],
)
def test_a_moment_is_unix_seconds_or_nothing(text: str | None, seconds: float | None) -> None:
    assert parse_iso(text) == seconds
