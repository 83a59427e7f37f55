"""Entries of an application's own `beat_schedule`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import Celery, schedules
from kombu.entity import Queue

from umbel.beat.application import ApplicationSchedule
from umbel.beat.base import TEXT_MAX, Crontab, Entry, EntryEdit, Interval, OwnSchedule
from umbel.beat.redbeat import redbeat_entry
from umbel.errors import ActionRefused, ScheduleUnavailable


class Tides(schedules.BaseSchedule):  # type: ignore[misc]
    """A schedule of somebody's own."""


def source(schedule: object, backend: str = "redis://", **conf: Any) -> ApplicationSchedule:
    app = Celery("a", set_as_current=False, backend=backend)
    app.conf.update(beat_schedule=schedule, **conf)
    return ApplicationSchedule(app)


def entries(schedule: object, **conf: Any) -> dict[str, Entry]:
    return {each.name: each for each in source(schedule, **conf).entries()}


def test_schedules_of_every_kind_are_read() -> None:
    given = {
        "seconds": 30.0,
        "span": timedelta(hours=1),
        "cron": schedules.crontab(minute=[30, 0], hour="8-10"),
        "own": Tides(),
    }
    found = entries(
        {name: {"task": "t", "schedule": each} for name, each in given.items()},
        timezone="Europe/Berlin",
    )

    assert {name: each.schedule for name, each in found.items()} == {
        "seconds": Interval(30.0, zone="Europe/Berlin"),
        "span": Interval(3_600.0, zone="Europe/Berlin"),
        "cron": Crontab("0,30", "8-10", zone="Europe/Berlin"),
        "own": OwnSchedule("Tides"),
    }


def test_options_and_arguments_are_plain_values() -> None:
    options = {"queue": "reports", "priority": 3, "expires": 60, "headers": {"x": object()}}
    entry = {"task": "t", "schedule": 1, "args": (1, {2}), "options": options}

    found = entries({"e": entry, "long": {"task": "t", "schedule": 1, "args": ["x" * 99_999]}})

    assert found["e"].queue == "reports"
    assert (found["e"].priority, found["e"].expires_s) == (3, 60.0)
    assert found["e"].args == (1, "{2}")
    assert len(str(found["long"].args)) < TEXT_MAX
    assert found["e"].unsent == ("headers",)


def test_options_that_cannot_be_sent_from_elsewhere_are_named() -> None:
    queue = Queue("reports")  # type: ignore[no-untyped-call]
    plain = {"headers": {"tenant": "acme"}, "queue": queue, "retry": True, "link": None}
    more = {"countdown": 5, "expires": datetime(2030, 1, 1, tzinfo=UTC), "link": "other"}

    found = entries(
        {name: {"task": "t", "schedule": 1, "options": options}
         for name, options in (("plain", plain), ("more", more))}
    )  # fmt: skip

    assert (found["plain"].headers, found["plain"].unsent) == ({"tenant": "acme"}, ())
    assert found["plain"].queue == "reports"
    assert found["more"].unsent == ("countdown", "expires", "link")


def test_dates_in_arguments_of_redbeat_are_no_dictionaries() -> None:
    """RedBeat's own JSON says so, and its worker would get a dictionary."""
    date = {"__type__": "datetime", "year": 2030, "month": 1, "day": 1, "timezone": "UTC"}
    definition = {"name": "e", "task": "t", "schedule": {"__type__": "interval", "every": 5}}

    plain = redbeat_entry(definition | {"args": [{"a": 1}]}, None, "UTC")
    dated = redbeat_entry(definition | {"kwargs": {"days": [{"of": date}]}}, None, "UTC")

    assert (plain and plain.exact, dated and dated.exact) == (True, False)


def test_the_entry_that_celery_beat_adds_is_told() -> None:
    """Where results do not go by themselves."""
    added = {each.name for each in source({}, "db+sqlite://").entries()}

    assert added == {"celery.backend_cleanup"}
    assert source({}, "redis://").entries() == ()


def test_what_is_no_schedule_says_so_and_is_nobodys_to_change() -> None:
    with pytest.raises(ScheduleUnavailable, match="beat_schedule"):
        source("daily").entries()
    with pytest.raises(ActionRefused, match="in its code"):
        source({}).change("e", EntryEdit(enabled=False))


def test_arguments_that_json_does_not_know_or_that_are_long_are_not_exact() -> None:
    given = {
        "plain": ((1, "a", [None, (2.5,)]), {"k": {"n": True}}),
        "none": ((), {}),
        "a time": ((timedelta(seconds=3),), {}),
        "not a number": ((float("nan"),), {}),
        "long": (("x" * (TEXT_MAX + 1),), {}),
        "half a pair": (("\ud800",), {}),
    }
    found = entries(
        {
            name: {"task": "t", "schedule": 9, "args": args, "kwargs": kwargs}
            for name, (args, kwargs) in given.items()
        }
    )

    assert {name for name, each in found.items() if each.exact} == {"plain", "none"}


def test_an_entry_that_cannot_be_read_hides_no_other() -> None:
    found = entries({
        "well": {"task": "t", "schedule": 30.0},
        "odd": {"task": "t", "schedule": 30.0, "options": ["queue"]},
    })  # fmt: skip

    assert found["well"].schedule == Interval(30.0)
    assert "AttributeError" in found["odd"].locked
    assert found["odd"].exact is False
