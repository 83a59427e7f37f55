"""Times at which entries are due are those of Celery's own schedules, whatever clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from celery import Celery, schedules
from hypothesis import assume, example, given
from hypothesis import strategies as st

from umbel.beat.base import Crontab, Interval
from umbel.services.schedule.cron_fields import BadSchedule, cron_fields
from umbel.services.schedule.ticks import following

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]
APPS = {zone: Celery(f"in {zone}", set_as_current=False, timezone=zone) for zone in ZONES}
#: Around the days on which clocks of these zones are changed, and anywhere in two leap cycles.
CHANGES = [
    datetime(2026, month, day, tzinfo=UTC).timestamp()
    for month, day in [(3, 8), (3, 29), (4, 5), (10, 4), (10, 25), (11, 1)]
]
MOMENTS = st.one_of(
    st.builds(lambda day, s: day + s, st.sampled_from(CHANGES), st.integers(-90_000, 180_000)),
    st.integers(1_700_000_000, 1_950_000_000),
).map(float)


def field(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high).map(str)
    part = st.one_of(
        number,
        st.builds("{}-{}".format, number, number),
        st.builds("*/{}".format, st.integers(1, high)),
        st.builds("{}-{}/{}".format, number, number, st.integers(1, 9)),
    )
    return st.one_of(st.just("*"), st.lists(part, min_size=1, max_size=3).map(",".join))


CRONTABS = st.builds(
    Crontab, field(0, 59), field(0, 23), field(0, 6), field(1, 28), field(1, 12),
    st.sampled_from(ZONES),
)  # fmt: skip


def of_celery(schedule: Crontab | Interval, after: float) -> float:
    """When Celery's own schedule is due after a run at that time."""
    run = datetime.fromtimestamp(after, ZoneInfo(schedule.zone))
    common = {"nowfun": lambda: run, "app": APPS[schedule.zone]}
    it = (
        schedules.schedule(timedelta(seconds=schedule.every_s), schedule.relative, **common)
        if isinstance(schedule, Interval)
        else schedules.crontab(
            schedule.minute, schedule.hour, schedule.day_of_week, schedule.day_of_month,
            schedule.month_of_year, **common,
        )
    )  # fmt: skip
    return after + float(it.remaining_estimate(run).total_seconds())


@given(CRONTABS, MOMENTS)
@example(Crontab("30", "2", zone="Europe/Berlin"), CHANGES[1] - 3_600)
@example(Crontab("*/10", "2", zone="Europe/Berlin"), CHANGES[1] - 3_600)
@example(Crontab("*/10", zone="Europe/Berlin"), CHANGES[4])
def test_a_crontab_is_due_when_celery_says(crontab: Crontab, after: float) -> None:
    expected = of_celery(crontab, after)
    # A beat that begins within the second of two equal hours is told a time that is over.
    assume(expected > after)

    assert following(crontab, after) == pytest.approx(expected, abs=0.001)


@given(
    st.builds(
        Interval,
        st.sampled_from([1.0, 7.5, 30.0, 60.0, 90.0, 300.0, 3_600.0, 5_400.0]),
        st.booleans(),
        st.sampled_from(["UTC", "Asia/Kolkata"]),
    ),
    MOMENTS,
)
def test_an_interval_is_due_when_celery_says(interval: Interval, after: float) -> None:
    assert following(interval, after) == pytest.approx(of_celery(interval, after), abs=0.001)


@given(
    st.text("0123456789*/-,monsuajl", max_size=8),
    st.sampled_from([(60, 0, 0), (7, 0, 2), (12, 1, 4)]),
)
@example("0/1", (60, 0, 0))
@example("mon/2", (7, 0, 2))
def test_what_is_read_as_a_field_is_read_as_celery_reads_it(
    text: str, kind: tuple[int, int, int]
) -> None:
    size, low, place = kind
    values = ["*"] * 5
    values[{0: 0, 2: 2, 4: 4}[place]] = text
    make = partial(Crontab, *values)
    try:
        found = cron_fields(make())[place]
    except BadSchedule:
        return  # refused, as much of it is by Celery

    assert set(found) == schedules.crontab._expand_cronspec(text, size, low)
