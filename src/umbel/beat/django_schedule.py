"""Entries of django-celery-beat, where the application's Django has its tables."""

from __future__ import annotations

import importlib
from typing import Any

from umbel.beat.django_tables import APP, DjangoTables
from umbel.beat.timed_source import CHANGE_S, READ_S, TimedSource


class DjangoSchedule(TimedSource):
    """Any thread."""

    def __init__(self, app: Any, *, read_s: float = READ_S, change_s: float = CHANGE_S) -> None:
        super().__init__(
            "django",
            "django-celery-beat",
            lambda: DjangoTables(app),
            subject="The tables of django-celery-beat",
            look_at="See what locks them, such as a migration, and whether the database can be "
            "reached.",
            read_s=read_s,
            change_s=change_s,
        )

    @staticmethod
    def is_installed() -> bool:
        """Whether the application's Django, where it has one that is set up, has its tables."""
        try:
            registry = importlib.import_module("django.apps").apps
            return bool(registry.ready and registry.is_installed(APP))
        except ImportError:
            return False
