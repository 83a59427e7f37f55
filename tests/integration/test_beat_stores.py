"""Entries where RedBeat and django-celery-beat keep them: read, disabled and edited, so that their
own schedulers read what was written."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from celery import Celery, schedules

from tests.support.brokers import redis_database
from tests.support.services import absent
from tests.support.umbels import umbel_environment
from tests.support.workers import ROOT
from umbel.beat.base import Crontab, EntryEdit, Interval, OwnSchedule, ScheduleSource
from umbel.beat.opening import open_schedules
from umbel.errors import EntryUnknown, ScheduleUnavailable

pytestmark = pytest.mark.redis


@pytest.fixture
def app() -> Iterator[Celery]:
    with redis_database() as url:
        app = Celery("beat", set_as_current=False, broker=url)
        app.conf.update(timezone="Europe/Berlin", redbeat_redis_url=url)
        yield app


def redbeat_of(app: Celery) -> ScheduleSource:
    *_, source = open_schedules(app, is_own=False, now=lambda: 1_000.0)
    assert source.name == "redbeat"
    return source


def client_of(app: Celery) -> Any:
    return importlib.import_module("redis").Redis.from_url(app.conf.redbeat_redis_url)


def test_redbeats_entries_are_read_and_changed_in_its_own_format(app: Celery) -> None:
    if find_spec("redbeat") is None:
        absent("celery-redbeat", "it is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own
        redbeat: Any = importlib.import_module("redbeat")
        own = redbeat.RedBeatSchedulerEntry
        cron = schedules.crontab("*/5", "8-17", "mon-fri")
        own("nightly", "shop.report", cron, [1], {"a": 2}, options={"queue": "r"}, app=app).save()
        own("often", "shop.tick", schedules.schedule(30), app=app).save()
        next(own.from_key("redbeat:often", app=app))
        client_of(app).sadd("redbeat::statics", "often")
        source = redbeat_of(app)

        nightly, often = source.entries()
        source.change("nightly", EntryEdit(enabled=False, schedule=Crontab("0", "6")))
        source.change("often", EntryEdit(schedule=Interval(60.0)))
        changed, slower = (own.from_key(f"redbeat:{e}", app=app) for e in ("nightly", "often"))

    assert nightly.schedule == Crontab("*/5", "8-17", "mon-fri", zone="Europe/Berlin")
    assert (nightly.task, nightly.args, nightly.kwargs) == ("shop.report", (1,), {"a": 2})
    assert (nightly.queue, nightly.enabled, nightly.can) == ("r", True, ("disable", "edit"))
    assert (often.schedule, often.runs) == (Interval(30.0, zone="Europe/Berlin"), 1)
    assert (often.since, time.time() - 60 < (nightly.since or 0) < time.time() + 1) == (None, True)
    assert (nightly.in_code, often.in_code) == (False, True)
    assert often.last_run == pytest.approx(slower.last_run_at.timestamp(), abs=1)
    assert changed.enabled is False
    assert changed.schedule == schedules.crontab("0", "6")
    assert (changed.args, changed.options) == ([1], {"queue": "r"})
    assert slower.schedule.run_every.total_seconds() == 60
    with pytest.raises(EntryUnknown):
        source.change("absent", EntryEdit(enabled=True))
    source.close()


def test_keys_that_are_no_entries_are_told_and_a_redis_that_is_away_says_so(app: Celery) -> None:
    source = redbeat_of(app)
    client = client_of(app)
    bad = {"redbeat:a": "not json", "redbeat:b": json.dumps([1]), "redbeat:c": "x" * 70_000}
    for key, text in bad.items():
        client.hset(key, "definition", text)
        client.zadd("redbeat::schedule", {key: 1})
    client.set("redbeat:d", "a string")
    client.zadd("redbeat::schedule", {"redbeat:d": 1, "redbeat:gone": 2})

    unreadable = source.entries()
    assert [each.name for each in unreadable] == ["a", "b", "c", "d"]
    assert {(each.schedule, each.can) for each in unreadable} == {(OwnSchedule(""), ())}
    assert "RedBeat fails" in unreadable[0].locked

    deep = '{"name": "deep", "task": "t", "args": ' + "[" * 500 + "]" * 500 + "}"
    often = '{"name": "often", "task": "t", "schedule": {"__type__": "interval", "every": "5"}}'
    for key, text in {"redbeat:e": deep, "redbeat:f": often}.items():
        client.hset(key, "definition", text)
        client.zadd("redbeat::schedule", {key: 1})
    found = source.entries()[4:]

    assert [each.name for each in found] == ["deep", "often"]
    assert (found[0].args, found[0].exact) == (("arguments nested more than 50 deep",), False)
    assert [each.schedule for each in found] == [OwnSchedule("")] * 2

    source.close()
    app.conf.redbeat_redis_url = "redis://127.0.0.1:1/0"
    with pytest.raises(ScheduleUnavailable, match="RedBeat"):
        redbeat_of(app).entries()


_IN_THE_PROJECT = """
import json
from tests.integration.djproj import celery_app as app
app.loader.import_default_modules()
from django_celery_beat.models import (
    ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, PeriodicTasks, SolarSchedule)
from umbel.beat.base import Crontab, EntryEdit, Interval
from umbel.beat.opening import open_schedules
import datetime, msgspec
every_five = every = IntervalSchedule.objects.create(every=5, period="minutes")
cron = CrontabSchedule.objects.create(minute="30", hour="2", timezone="Europe/Berlin")
sun = SolarSchedule.objects.create(event="sunset", latitude=52.5, longitude=13.4)
at = datetime.datetime.fromtimestamp(2e9, datetime.UTC)
once = ClockedSchedule.objects.create(clocked_time=at)
PeriodicTask.objects.create(name="cron", task="t", crontab=cron, args='[1]', queue="q")
PeriodicTask.objects.create(name="every", task="t", interval=every, expire_seconds=9)
PeriodicTask.objects.create(name="once", task="t", clocked=once, one_off=True)
PeriodicTask.objects.create(name="sun", task="t", solar=sun, kwargs="no json")
sources = open_schedules(app, is_own=True, now=lambda: 0.0)
source = next(each for each in sources if each.name == "django")
found = source.entries()
before = PeriodicTasks.last_change()
source.change("cron", EntryEdit(enabled=False, args=(2,)))
source.change("every", EntryEdit(schedule=Crontab("0", "6", zone="Asia/Tokyo")))
source.change("sun", EntryEdit(schedule=Interval(300.0)))
cron, every, sun = (PeriodicTask.objects.get(name=n) for n in ("cron", "every", "sun"))
print(json.dumps({
    "found": msgspec.to_builtins(found),
    "told": PeriodicTasks.last_change() > before,
    "cron": [cron.enabled, cron.args],
    "every": [every.interval_id, every.crontab.minute, str(every.crontab.timezone)],
    "sun": [sun.solar_id, sun.interval_id == every_five.id],
}))
"""


def in_the_project(program: str, folder: Path) -> Any:
    """What a program that runs in a Django project with django-celery-beat's tables prints."""
    if find_spec("django_celery_beat") is None:
        absent("django-celery-beat", "it is not installed")
    environment = umbel_environment(
        DJANGO_SETTINGS_MODULE="tests.integration.djproj.settings",
        DJPROJ_DATABASE=str(folder / "project.db"),
        DJPROJ_APPS="django_celery_beat",
    )
    run = [sys.executable, "-W", "ignore"]
    for command in (["-m", "django", "migrate"], ["-c", program]):
        done = subprocess.run(
            [*run, *command], cwd=ROOT, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_entries_of_django_celery_beat_are_read_and_changed_by_its_models(tmp_path: Path) -> None:
    answer = in_the_project(_IN_THE_PROJECT, tmp_path)

    cron, every, once, sun = answer["found"]
    assert cron["schedule"]["zone"] == "Europe/Berlin"
    assert (cron["schedule"]["minute"], cron["args"], cron["queue"]) == ("30", [1], "q")
    assert (every["schedule"]["every_s"], every["expires_s"]) == (300.0, 9)
    assert time.time() - 300 < every["since"] < time.time() + 1
    assert (every["headers"], every["unsent"]) == ({"periodic_task_name": "every"}, [])
    assert (once["schedule"]["at"], once["one_off"]) == (2e9, True)
    assert (sun["schedule"]["event"], sun["kwargs"]) == (
        "sunset",
        {"...": "7 characters that are no JSON object"},
    )
    assert answer["told"] is True
    assert answer["cron"] == [False, "[2]"]
    assert answer["every"] == [None, "0", "Asia/Tokyo"]
    assert answer["sun"] == [None, True]


_ODD_ROWS = """
import json, msgspec
from tests.integration.djproj import celery_app as app
app.loader.import_default_modules()
from django.db import connection
from django_celery_beat.models import (
    CrontabSchedule, IntervalSchedule, PeriodicTask, PeriodicTasks, SolarSchedule)
from umbel.beat.base import EntryEdit
from umbel.beat.opening import open_schedules
from umbel.errors import ScheduleUnavailable
from umbel.services.schedule.ticks import why_never
def row(model, **columns):
    return model.objects.bulk_create([model(**columns)])[0]
every = row(IntervalSchedule, every=5, period="minutes")
odd = row(IntervalSchedule, every=5, period="fortnights")
cron = row(CrontabSchedule, minute="99", hour="*/0")
moved = row(CrontabSchedule, minute="1", hour="1")
sun = row(SolarSchedule, event="moonrise", latitude=90, longitude=0)
for name, columns in {
    "args": {"interval": every, "args": "{'password': 1}", "kwargs": "[1]"},
    "cron": {"crontab": cron}, "good": {"interval": every}, "none": {},
    "period": {"interval": odd}, "sun": {"solar": sun}, "zone": {"crontab": moved},
}.items():
    row(PeriodicTask, name=name, task="t", **columns)
for n in range(40):
    row(PeriodicTask, name=f"x{n:02}", task="t", interval=every)
with connection.cursor() as cursor:
    cursor.execute("UPDATE django_celery_beat_crontabschedule SET timezone = 'US/Pacific-New' "
                   "WHERE minute = '1'")
    cursor.execute("UPDATE django_celery_beat_periodictask SET start_time = '2026-13-45 00:00' "
                   "WHERE name IN ('x07', 'x31')")
source, = (s for s in open_schedules(app, is_own=True, now=lambda: 0.0) if s.name == "django")
found = source.entries()
before = PeriodicTasks.last_change()
source.change("zone", EntryEdit(enabled=False))
told = PeriodicTasks.last_change() != before
source.change("x07", EntryEdit(enabled=False))
off = list(PeriodicTask.objects.filter(enabled=False).values_list("name", flat=True))
with connection.cursor() as cursor:
    cursor.execute("ALTER TABLE django_celery_beat_periodictask DROP COLUMN expire_seconds")
try:
    source.entries()
except ScheduleUnavailable as error:
    older = str(error)
print(json.dumps({
    "never": {each.name: why_never(each.schedule) for each in found},
    "args": msgspec.to_builtins(found[0]), "older": older, "off": off, "told": told,
}))
"""


def test_a_row_of_django_celery_beat_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    answer = in_the_project(_ODD_ROWS, tmp_path)

    never = answer["never"]
    assert len(never) == 47
    assert {name for name in never if never[name]} == {
        "cron", "none", "period", "sun", "x07", "x31", "zone"
    }  # fmt: skip
    assert never["zone"] == "There is no time zone 'US/Pacific-New'."
    assert never["cron"] == "Its crontab cannot be read: minute goes from 0 to 59, not '99'."
    given = answer["args"]
    assert given["args"] == ["15 characters that are no JSON list"]
    assert given["kwargs"] == {"...": "3 characters that are no JSON object"}
    assert given["exact"] is False
    assert "no such column" in answer["older"]
    assert "migrations" in answer["older"]
    assert sorted(answer["off"]) == ["x07", "zone"]
    assert answer["told"] is True


_LOCKED = """
import json, os, sqlite3, time
from tests.integration.djproj import celery_app as app
app.loader.import_default_modules()
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from umbel.beat.base import EntryEdit
from umbel.beat.django_schedule import DjangoSchedule
from umbel.errors import ScheduleUnavailable
every = IntervalSchedule.objects.create(every=5, period="minutes")
PeriodicTask.objects.create(name="every", task="t", interval=every)
source = DjangoSchedule(app, read_s=0.5, change_s=0.5)
def said(call):
    try:
        return call()
    except ScheduleUnavailable as error:
        return str(error)
locks = sqlite3.connect(os.environ["DJPROJ_DATABASE"], isolation_level=None)
locks.execute("BEGIN EXCLUSIVE")
began = time.monotonic()
read = [said(source.entries) for _ in range(10)]
change = said(lambda: source.change("every", EntryEdit(enabled=False)))
took = time.monotonic() - began
locks.execute("ROLLBACK")
until = time.monotonic() + 15
while isinstance(after := said(source.entries), str) and time.monotonic() < until:
    pass
source.close()
print(json.dumps({
    "read": read, "change": change, "took": took, "after": [each.name for each in after],
    "closed": said(source.entries),
}))
"""


def test_locked_tables_of_django_celery_beat_are_not_waited_for(tmp_path: Path) -> None:
    answer = in_the_project(_LOCKED, tmp_path)

    assert all("did not answer within 0.5 s" in each for each in answer["read"])
    assert "migration" in answer["read"][0]
    assert "look at the entry before you try again" in answer["change"]
    assert answer["took"] < 15  # where the database waits for 20
    assert answer["after"] == ["every"]
    assert "Umbel is leaving" in answer["closed"]
