"""The contract of a source of beat entries, and the entries that it gives.

A source is asked by one thread at a time; its calls block for seconds at most. What cannot be read
is a `ScheduleUnavailable` that says why, and the other sources are asked all the same.
"""

from __future__ import annotations

from typing import Final, Literal, Protocol

import msgspec

#: Where an entry stands: in the application's `beat_schedule`, in the tables of django-celery-beat,
#: in RedBeat's keys; or nowhere that can be read, and its task came at regular times.
SourceName = Literal["application", "django", "redbeat", "learned"]
#: What a source may be told to do with an entry.
EntryAction = Literal["enable", "disable", "edit"]

#: More entries than these are left out, of each source; it gives one more if there are more.
ENTRIES_MAX: Final = 5_000
#: No time of an entry is reckoned beyond this, Unix seconds: the year 9987.
AT_MAX: Final = 253_000_000_000.0
#: The longest interval that is reckoned with, seconds: a hundred years.
INTERVAL_MAX_S: Final = 3_155_760_000.0
#: The longest text of an entry (arguments, a description), characters.
TEXT_MAX: Final = 10_000


class Crontab(msgspec.Struct, frozen=True, tag="crontab", tag_field="kind"):
    """When minute, hour and all three of the day's fields fit, by the clock of the zone (a name of
    the IANA database). Source: celery/schedules.py (`crontab`)."""

    minute: str = "*"
    hour: str = "*"
    day_of_week: str = "*"
    day_of_month: str = "*"
    month_of_year: str = "*"
    zone: str = "UTC"


class Interval(msgspec.Struct, frozen=True, tag="interval", tag_field="kind"):
    """So many seconds after the run before; `relative`: at whole days, hours or minutes of the
    zone. Source: celery/schedules.py (`schedule`)."""

    every_s: float
    relative: bool = False
    zone: str = "UTC"


class Solar(msgspec.Struct, frozen=True, tag="solar", tag_field="kind"):
    """An event of the sun (`sunrise`, `dusk_civil`) at a place, degrees north and east."""

    event: str
    latitude: float
    longitude: float


class Clocked(msgspec.Struct, frozen=True, tag="clocked", tag_field="kind"):
    """Once, at a time (Unix seconds)."""

    at: float


class OwnSchedule(msgspec.Struct, frozen=True, tag="other", tag_field="kind"):
    """A class of somebody's own, by its name: only it knows when it is due. Without a name it is
    nothing that can be read as a schedule."""

    name: str


Schedule = Crontab | Interval | Solar | Clocked | OwnSchedule


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as its source has it. `args` and `kwargs` are plain values; where JSON does not know
    them, or they are too long, a text stands there instead, and they are not `exact`. `last_run`
    is when its scheduler last sent it, as far as the source tells, `runs` how often; `since` is
    when it was made or enabled (Unix seconds), where it has not run since and that is known. It is
    due from `starts` on and no more after `ends` (Unix seconds); a message that waits for longer
    than `expires_s` is not run. `can` says what may be done with it there, `locked` why no more;
    `in_code`: the application's own `beat_schedule` has it as well. `headers` are those of its
    message, and `unsent` the other options with which beat sends it, which cannot be told as JSON
    or are not sent from here (`countdown`)."""

    name: str
    task: str
    schedule: Schedule
    source: SourceName
    args: tuple[object, ...] = ()
    kwargs: dict[str, object] = {}
    exact: bool = True
    queue: str | None = None
    exchange: str | None = None
    routing_key: str | None = None
    priority: int | None = None
    headers: dict[str, object] = {}
    unsent: tuple[str, ...] = ()
    expires_s: float | None = None
    enabled: bool = True
    one_off: bool = False
    in_code: bool = False
    starts: float | None = None
    ends: float | None = None
    last_run: float | None = None
    runs: int | None = None
    since: float | None = None
    description: str = ""
    can: tuple[EntryAction, ...] = ()
    locked: str = ""


class EntryEdit(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be otherwise of an entry; None stays."""

    enabled: bool | None = None
    schedule: Schedule | None = None
    args: tuple[object, ...] | None = None
    kwargs: dict[str, object] | None = None


class ScheduleSource(Protocol):
    """See the module."""

    @property
    def name(self) -> SourceName:
        """Which one."""

    @property
    def title(self) -> str:
        """For people: `django-celery-beat`."""

    def entries(self) -> tuple[Entry, ...]:
        """All of them, by name; of more than `ENTRIES_MAX` so many and one. Raises
        `ScheduleUnavailable`."""

    def change(self, entry: str, edit: EntryEdit) -> None:
        """Write what the scheduler reads next. Raises `ScheduleUnavailable`, `EntryUnknown` and
        `ActionRefused`."""

    def close(self) -> None:
        """Let go of connections. May be called twice."""
