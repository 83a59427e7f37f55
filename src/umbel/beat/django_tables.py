"""The tables of django-celery-beat, by its models of the application's own Django.

They are read by plain SELECTs, of which a row that cannot be read spoils no other, and changed by
the models' own `save`, which tells the scheduler to read them anew (`PeriodicTasks.changed`).
Source: django_celery_beat/models.py, schedulers.py.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from umbel.beat.base import (
    ENTRIES_MAX,
    TEXT_MAX,
    Clocked,
    Crontab,
    Entry,
    EntryEdit,
    Interval,
    OwnSchedule,
    Schedule,
    Solar,
)
from umbel.beat.celery_schedules import zone_name
from umbel.beat.plain_values import (
    are_exact,
    label,
    of_json,
    plain_args,
    plain_kwargs,
    unreadable_entry,
    unsent_options,
)
from umbel.errors import ActionRefused, EntryUnknown, ScheduleUnavailable, UmbelError
from umbel.process_secrets import hidden

#: The application in Django that has the tables.
APP: Final = "django_celery_beat"
_PERIODS: Final = {
    "days": 86_400.0, "hours": 3_600.0, "minutes": 60.0, "seconds": 1.0, "microseconds": 1e-6,
}  # fmt: skip
_OWN: Final = (
    "name", "task", "args", "kwargs", "queue", "exchange", "routing_key", "priority", "expires",
    "headers", "expire_seconds", "enabled", "one_off", "start_time", "last_run_at",
    "total_run_count", "description", "date_changed",
)  # fmt: skip
_OTHERS: Final = (
    "interval__every", "interval__period", "crontab__minute", "crontab__hour",
    "crontab__day_of_week", "crontab__day_of_month", "crontab__month_of_year",
    "solar__event", "solar__latitude", "solar__longitude", "clocked__clocked_time",
)  # fmt: skip
#: The zone of a crontab as it is written, which the model refuses to read where none is called so.
_ZONE: Final = "written_zone"
#: So many rows that cannot be read are looked for; with more of them the tables are not usable.
_UNREADABLE_MAX: Final = 200
#: How much is told of a database's own words, characters.
_WORDS_MAX: Final = 300


class DjangoTables:
    """Of one thread: Django's connections belong to the thread that made them. How long a call
    takes is up to the database."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def entries(self) -> tuple[Entry, ...]:
        with _database():
            return tuple(_Rows(zone_name(self._app.timezone)).read(0, ENTRIES_MAX + 1))

    def change(self, entry: str, edit: EntryEdit) -> None:
        with _database():
            try:
                self._change(entry, edit)
            except Exception as error:
                is_absent = isinstance(error, EntryUnknown) or _is_of_the_database(error)
                if is_absent or edit != EntryEdit(enabled=False):
                    raise
                _switch_off(entry)

    def _change(self, entry: str, edit: EntryEdit) -> None:
        found = _model().objects.filter(name=entry).first()
        if found is None:
            raise EntryUnknown(f"django-celery-beat has no entry {entry!r}.")
        for name, value in _columns(edit).items():
            setattr(found, name, value)
        self._save(found)

    @staticmethod
    def _save(found: Any) -> None:
        errors = importlib.import_module("django.core.exceptions")
        try:
            found.save()
        except errors.ValidationError as error:
            raise ActionRefused(" ".join(map(str, error.messages))[:500]) from error

    def close(self) -> None:
        """Connections are closed after each call."""


def _model(name: str = "PeriodicTask") -> Any:
    return importlib.import_module("django.apps").apps.get_model(APP, name)


def _switch_off(entry: str) -> None:
    """What the model's `save` does to disable an entry, of one that it cannot read or takes for
    wrong: beat may be unable to go on until it is gone."""
    _model().objects.filter(name=entry).update(enabled=False, last_run_at=None)
    _model("PeriodicTasks").update_changed()


@contextlib.contextmanager
def _database() -> Iterator[None]:
    """Inside, what the database refuses is a `ScheduleUnavailable`; no connection of this thread
    is left behind."""
    database: Any = importlib.import_module("django.db")
    database.close_old_connections()
    try:
        yield
    except UmbelError:
        raise
    except Exception as error:
        raise ScheduleUnavailable(
            f"The tables of django-celery-beat cannot be used: {_words(error)}.",
            remedy="Run the project's migrations, and look at its database.",
        ) from error
    finally:
        database.connections.close_all()


class _Rows:
    """The table in the order of names. What makes Python values of a row may fail: a zone that was
    taken out of the database of zones, a time that somebody wrote by hand into SQLite. The span of
    rows is then halved until the row is found."""

    def __init__(self, zone: str) -> None:
        models: Any = importlib.import_module("django.db.models")
        written = models.ExpressionWrapper(
            models.F("crontab__timezone"), output_field=models.CharField()
        )
        self._zone = zone
        self._rows = _model().objects.order_by("name").annotate(**{_ZONE: written})
        self._unreadable = 0

    def read(self, start: int, stop: int) -> list[Entry]:
        """The entries of the rows from `start` to before `stop`."""
        try:
            rows = self._rows.values(*_OWN, *_OTHERS, _ZONE)[start:stop]
            return [_entry(row, self._zone) for row in rows]
        except Exception as error:
            if _is_of_the_database(error):
                raise
            if stop - start == 1:
                return [self._unreadable_entry(start)]
        stop = min(stop, self._rows.count())
        middle = (start + stop + 1) // 2
        return [*self.read(start, middle), *(self.read(middle, stop) if middle < stop else ())]

    def _unreadable_entry(self, index: int) -> Entry:
        """What is told of a row that cannot be read."""
        self._unreadable += 1
        if self._unreadable > _UNREADABLE_MAX:
            raise ValueError(f"More than {_UNREADABLE_MAX} rows cannot be read.")
        (row,) = self._rows.values("name", "task", "enabled")[index : index + 1]
        return msgspec.structs.replace(
            unreadable_entry("django", row["name"], task=row["task"]),
            enabled=bool(row["enabled"]),
            can=("disable",) if row["enabled"] else (),
        )


def _is_of_the_database(error: Exception) -> bool:
    """Whether it is no matter of one row: the table, the connection or the model is not there."""
    database: Any = importlib.import_module("django.db")
    fields: Any = importlib.import_module("django.core.exceptions")
    return isinstance(error, database.Error | fields.FieldError | ImportError | LookupError)


def _words(error: Exception) -> str:
    """What the database says of itself; other errors may repeat what stands in a row."""
    database: Any = importlib.import_module("django.db")
    of_itself = database.OperationalError | database.ProgrammingError | database.InterfaceError
    lines = str(error).strip().splitlines()
    if not isinstance(error, of_itself) or not lines:
        return type(error).__name__
    return hidden(lines[0])[:_WORDS_MAX].rstrip(". ")


def _entry(row: Mapping[str, Any], zone: str) -> Entry:
    written = row["args"] or "[]", row["kwargs"] or "{}"
    given = tuple(map(of_json, written))
    return Entry(
        name=label(row["name"]) or "",
        task=label(row["task"]) or "",
        schedule=_schedule(row, zone),
        source="django",
        args=plain_args(given[0] if isinstance(given[0], list) else _no_json(written[0], "list")),
        kwargs=plain_kwargs(
            given[1] if isinstance(given[1], dict) else {"...": _no_json(written[1], "object")[0]}
        ),
        exact=are_exact(given[0], given[1]),
        queue=label(row["queue"]),
        exchange=label(row["exchange"]),
        routing_key=label(row["routing_key"]),
        priority=row["priority"],
        headers=plain_kwargs(_headers(row)),
        unsent=unsent_options({"headers": _headers(row)}),
        expires_s=row["expire_seconds"],
        enabled=bool(row["enabled"]),
        one_off=bool(row["one_off"]),
        starts=_unix(row["start_time"]),
        ends=_unix(row["expires"]),
        last_run=_unix(row["last_run_at"]),
        runs=row["total_run_count"],
        # The model forgets the last run of what is disabled.
        since=_unix(row["date_changed"]) if row["last_run_at"] is None else None,
        description=str(row["description"] or "")[:TEXT_MAX],
        can=("disable" if row["enabled"] else "enable", "edit"),
    )


def _headers(row: Mapping[str, Any]) -> dict[str, object]:
    """With the one by which django-celery-results tells which entry a task is of
    (`schedulers.ModelEntry`)."""
    given = of_json(row["headers"] or "{}")
    return {**(given if isinstance(given, dict) else {}), "periodic_task_name": row["name"]}


def _no_json(written: object, kind: str) -> list[str]:
    """What stands in the place of arguments that django-celery-beat cannot read either; not the
    text, in which nobody could find what must be hidden."""
    return [f"{len(str(written)):,} characters that are no JSON {kind}"]


def _schedule(row: Mapping[str, Any], zone: str) -> Schedule:
    if row["interval__every"] is not None:
        unit_s = _PERIODS.get(row["interval__period"])
        if unit_s is None:
            return OwnSchedule("")
        return Interval(row["interval__every"] * unit_s, zone=zone)
    if row["crontab__minute"] is not None:
        fields = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year")
        written = {field: str(row[f"crontab__{field}"]) for field in fields}
        return Crontab(**written, zone=str(row[_ZONE]))
    if row["solar__event"] is not None:
        place = (float(row["solar__latitude"]), float(row["solar__longitude"]))
        return Solar(str(row["solar__event"]), *place)
    at = _unix(row["clocked__clocked_time"])
    return OwnSchedule("") if at is None else Clocked(at)


def _unix(moment: datetime | None) -> float | None:
    """Without a zone it is UTC, as Celery takes it."""
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _columns(edit: EntryEdit) -> dict[str, object]:
    """The model's attributes for an edit."""
    columns: dict[str, object] = {}
    if edit.enabled is not None:
        columns["enabled"] = edit.enabled
    if edit.args is not None:
        columns["args"] = msgspec.json.encode(edit.args).decode()
    if edit.kwargs is not None:
        columns["kwargs"] = msgspec.json.encode(edit.kwargs).decode()
    if edit.schedule is not None:
        columns |= dict.fromkeys(("interval", "crontab", "solar", "clocked"))
        kind, row = _schedule_row(edit.schedule)
        columns[kind] = row
    return columns


def _schedule_row(schedule: Schedule) -> tuple[str, object]:
    """The row of a schedule, which entries share, made where there is none."""
    if isinstance(schedule, Crontab):
        fields = msgspec.structs.asdict(schedule)
        return "crontab", _shared_row("CrontabSchedule", timezone=fields.pop("zone"), **fields)
    if isinstance(schedule, Interval):
        every, period = _period(schedule.every_s)
        return "interval", _shared_row("IntervalSchedule", every=every, period=period)
    raise ActionRefused("An entry is given a crontab or an interval here.", field="schedule")


def _shared_row(model: str, **columns: object) -> object:
    rows = _model(model).objects
    return rows.filter(**columns).first() or rows.create(**columns)


def _period(every_s: float) -> tuple[int, str]:
    for period, unit_s in _PERIODS.items():
        if every_s >= unit_s and every_s % unit_s == 0:
            return round(every_s / unit_s), period
    return max(1, round(timedelta(seconds=every_s) / timedelta(microseconds=1))), "microseconds"
