"""What people are told of a result backend that lacks Celery's table."""

from __future__ import annotations

import sqlite3

import pytest

from umbel.results.errors import translated


@pytest.mark.parametrize(
    ("url", "next_step"),
    [
        ("django-db", "manage.py migrate"),
        ("django-cache", "manage.py createcachetable"),
        ("sqlite:////srv/results.db", "Workers make their table when they start"),
    ],
)
def test_a_missing_table_is_told_with_who_makes_it(url: str, next_step: str) -> None:
    missing = translated(sqlite3.OperationalError("no such table: results"), url)

    assert str(missing).startswith(f"The result backend at {url} has nothing of Celery's: no such")
    assert next_step in str(missing.remedy)
