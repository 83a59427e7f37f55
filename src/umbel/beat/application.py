"""Entries of the application's own `beat_schedule`, the one that `celery beat` adds included.

They stand in code, so nothing can be changed there. Source: celery/beat.py (`Scheduler`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from umbel.beat.base import ENTRIES_MAX, Crontab, Entry, EntryEdit
from umbel.beat.celery_schedules import schedule_of, zone_name
from umbel.beat.plain_values import (
    are_exact,
    entity_name,
    label,
    number_of,
    plain_args,
    plain_kwargs,
    unreadable_entry,
    unsent_options,
)
from umbel.errors import ActionRefused, ScheduleUnavailable

LOCKED: Final = (
    "It stands in the application's beat_schedule, so it is changed in its code, and beat is "
    "started anew."
)
_CLEANUP: Final = "celery.backend_cleanup"


class ApplicationSchedule:
    """Reads the configuration of a Celery application that is loaded."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def entries(self) -> tuple[Entry, ...]:
        try:
            conf, zone = self._app.conf, zone_name(self._app.timezone)
            written = conf.beat_schedule or {}
            given = dict(written() if callable(written) else written)
        except Exception as error:
            raise ScheduleUnavailable(
                f"The application's beat_schedule cannot be read: {type(error).__name__}.",
                remedy="Look at beat_schedule and timezone of its configuration.",
            ) from error
        found = [_entry_or_why(str(name), each, zone) for name, each in given.items()]
        if _CLEANUP not in given and self._needs_cleanup():
            found.append(_cleanup(zone))
        named = sorted((each for each in found if each is not None), key=lambda each: each.name)
        return tuple(named[: ENTRIES_MAX + 1])

    def _needs_cleanup(self) -> bool:
        """Whether `celery beat` adds an entry that removes old results."""
        from celery.app.backends import by_url

        app = self._app
        try:
            kind, _ = by_url(app.backend_cls or app.conf.result_backend, app.loader)
        except Exception:  # whatever it is, its results say so
            return False
        return bool(app.conf.result_expires) and not kind.supports_autoexpire

    def change(self, entry: str, edit: EntryEdit) -> None:  # noqa: ARG002
        raise ActionRefused(LOCKED)

    def close(self) -> None:
        """Nothing is held."""


def _cleanup(zone: str) -> Entry:
    return Entry(
        name=_CLEANUP, task=_CLEANUP, schedule=Crontab("0", "4", zone=zone), source="application",
        expires_s=12 * 3_600.0, locked=LOCKED,
        description="Added by celery beat: it removes results that have expired.",
    )  # fmt: skip


def _entry_or_why(name: str, given: Any, zone: str) -> Entry | None:
    """The entry, or what is told of one that cannot be read: its parts are anybody's objects."""
    try:
        return _entry(name, given, zone)
    except Exception as error:
        why = f"It cannot be read ({type(error).__name__}): look at it in beat_schedule."
        return unreadable_entry("application", name, why=why)


def _entry(name: str, given: Any, zone: str) -> Entry | None:
    if not isinstance(given, Mapping):
        # A `ScheduleEntry` of Celery's has the same as attributes.
        given = {key: getattr(given, key, None) for key in ("task", "schedule", "args", "kwargs",
                                                            "options")}  # fmt: skip
    if given.get("task") is None:
        return None
    options = given.get("options") or {}
    return Entry(
        name=label(name) or "",
        task=label(given["task"]) or "",
        schedule=schedule_of(given.get("schedule"), zone, relative=bool(given.get("relative"))),
        source="application",
        args=plain_args(given.get("args")),
        kwargs=plain_kwargs(given.get("kwargs")),
        exact=are_exact(given.get("args") or [], given.get("kwargs") or {}),
        queue=entity_name(options.get("queue")),
        exchange=entity_name(options.get("exchange")),
        routing_key=label(options.get("routing_key")),
        priority=options.get("priority") if isinstance(options.get("priority"), int) else None,
        headers=plain_kwargs(options.get("headers")),
        unsent=unsent_options(options),
        expires_s=number_of(options.get("expires")),
        locked=LOCKED,
    )
