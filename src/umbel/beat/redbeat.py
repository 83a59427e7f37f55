"""Entries of RedBeat, by its keys in Redis, which hold JSON alone.

A sorted set (`redbeat::schedule`) has the keys of all entries by when they are due; each is a hash
of `definition` and `meta`. A set (`redbeat::statics`) has the names of those that stand in code. A
definition is changed by one optimistic transaction. RedBeat reads an entry at its next tick when it
is due; so one with another schedule is made due now in the set, and its own class then decides.

Source: redbeat/schedulers.py, decoder.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from umbel.beat.base import (
    ENTRIES_MAX,
    Crontab,
    Entry,
    EntryEdit,
    Interval,
    OwnSchedule,
    Schedule,
)
from umbel.beat.plain_values import (
    TYPE,
    are_exact,
    has_typed,
    label,
    number_of,
    of_json,
    plain_args,
    plain_kwargs,
    unreadable_entry,
    unsent_options,
)
from umbel.errors import ActionRefused, EntryUnknown, ScheduleUnavailable, UmbelError

#: Longer definitions, and what RedBeat wrote beside them, are let alone, bytes.
DEFINITION_MAX: Final = 64 * 1024
#: Keys that are read at once.
CHUNK: Final = 500
_CRON: Final = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year")


class RedBeatSchedule:
    """`connect` gives a client of redis-py that answers in bytes, of which no connection is held
    between two looks; `zone` is the application's. One thread at a time."""

    def __init__(
        self,
        connect: Callable[[], Any],
        prefix: str,
        zone: Callable[[], str],
        *,
        now: Callable[[], float],
    ) -> None:
        self._connect = connect
        self._prefix = prefix
        self._zone = zone
        self._now = now
        self._client: Any = None

    def entries(self) -> tuple[Entry, ...]:
        try:
            found = tuple(self._entries())
        except UmbelError:
            raise
        except Exception as error:
            raise _unavailable(error) from error
        finally:
            self.close()
        return tuple(sorted(found, key=lambda each: each.name))

    def _entries(self) -> Iterator[Entry]:
        keys = iter(self._redis().zrange(f"{self._prefix}:schedule", 0, ENTRIES_MAX))
        zone = self._zone() if keys else "UTC"
        in_code = self._names_in_code()
        while chunk := list(islice(keys, CHUNK)):
            hashes = self._hashes(chunk)
            for key, (definition, meta) in hashes.items():
                entry = redbeat_entry(of_json(definition), of_json(meta), zone)
                if entry is None:
                    yield self._unreadable_entry(key)
                else:
                    yield msgspec.structs.replace(entry, in_code=entry.name in in_code)

    def _names_in_code(self) -> frozenset[str]:
        """Of the entries that beat writes anew, enabled, when it starts."""
        key = f"{self._prefix}:statics"
        client = self._redis()
        if client.type(key) != b"set" or client.scard(key) > ENTRIES_MAX:
            return frozenset()
        return frozenset(each.decode("utf-8", "replace") for each in client.smembers(key))

    def _unreadable_entry(self, key: bytes) -> Entry:
        """What is told of a key whose definition is no entry."""
        name = key.decode("utf-8", "replace").removeprefix(self._prefix)
        return unreadable_entry(
            "redbeat",
            name,
            why="Its definition in Redis is no entry, so RedBeat fails where it is due: remove its "
            "key, or save the entry again.",
        )

    def _hashes(self, keys: Sequence[bytes]) -> dict[bytes, tuple[bytes | None, bytes | None]]:
        """Definition and meta by key, of each that is there; nothing of one that is no hash, or too
        long."""
        client = self._redis()
        with client.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.hstrlen(key, "definition").hstrlen(key, "meta")
            lengths = pipe.execute(raise_on_error=False)
            sizes = dict(zip(keys, lengths[::2], strict=True))
            usual = [
                key
                for key, meta in zip(keys, lengths[1::2], strict=True)
                if _is_small(sizes[key]) and sizes[key] and _is_small(meta)
            ]
            for key in usual:
                pipe.hmget(key, "definition", "meta")
            rows = zip(usual, pipe.execute(), strict=True)
            found = {key: (row[0], row[1]) for key, row in rows if isinstance(row, list)}
        return {key: found.get(key, (None, None)) for key, size in sizes.items() if size != 0}

    def change(self, entry: str, edit: EntryEdit) -> None:
        key = self._prefix + entry
        try:
            self._redis().transaction(lambda pipe: self._write(pipe, key, entry, edit), key)
        except UmbelError:
            raise
        except Exception as error:
            raise _unavailable(error) from error
        finally:
            self.close()

    def _write(self, pipe: Any, key: str, entry: str, edit: EntryEdit) -> None:
        written = pipe.hget(key, "definition")
        definition = of_json(written)
        if not isinstance(definition, dict):
            raise EntryUnknown(f"RedBeat has no entry {entry!r}.")
        changed = definition | _columns(edit)
        pipe.multi()
        pipe.hset(key, "definition", msgspec.json.encode(changed))
        if edit.schedule is not None or edit.enabled:
            pipe.zadd(f"{self._prefix}:schedule", {key: int(self._now())})

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _redis(self) -> Any:
        if self._client is None:
            self._client = self._connect()
        return self._client


def _is_small(length: object) -> bool:
    """Of what Redis answered; an error for a key that is no hash."""
    return isinstance(length, int) and length <= DEFINITION_MAX


def _unavailable(error: Exception) -> ScheduleUnavailable:
    return ScheduleUnavailable(
        f"RedBeat's keys cannot be used: {type(error).__name__}.",
        remedy="Look at redbeat_redis_url, and whether that Redis answers.",
    )


def redbeat_entry(definition: object, meta: object, zone: str) -> Entry | None:
    """The entry in a definition and what RedBeat wrote beside it; None where there is none."""
    if not isinstance(definition, dict) or not isinstance(definition.get("name"), str):
        return None
    options = definition.get("options")
    options = options if isinstance(options, dict) else {}
    meta = meta if isinstance(meta, dict) else {}
    enabled = definition.get("enabled") is not False
    runs = meta.get("total_run_count")
    given = definition.get("args") or [], definition.get("kwargs") or {}
    return Entry(
        name=label(definition["name"]) or "",
        task=label(definition.get("task")) or "",
        schedule=_schedule(definition.get("schedule"), zone),
        source="redbeat",
        args=plain_args(definition.get("args")),
        kwargs=plain_kwargs(definition.get("kwargs")),
        exact=are_exact(*given) and not has_typed(given),
        queue=label(options.get("queue")),
        exchange=label(options.get("exchange")),
        routing_key=label(options.get("routing_key")),
        priority=options.get("priority") if isinstance(options.get("priority"), int) else None,
        headers=plain_kwargs(options.get("headers")),
        unsent=unsent_options(options),
        expires_s=number_of(options.get("expires")),
        enabled=enabled,
        last_run=_moment(meta.get("last_run_at")),
        # As it is saved first, so that it is due only from then on.
        since=None if runs else _moment(meta.get("last_run_at")),
        runs=runs if isinstance(runs, int) else None,
        can=("disable" if enabled else "enable", "edit"),
    )


def _schedule(given: object, zone: str) -> Schedule:
    if not isinstance(given, Mapping):
        return OwnSchedule("")
    kind = given.get(TYPE)
    every_s = number_of(given.get("every"))
    if kind == "interval":
        relative = bool(given.get("relative"))
        return OwnSchedule("") if every_s is None else Interval(every_s, relative, zone)
    if kind == "crontab":
        return Crontab(**{name: _field(given.get(name, "*")) for name in _CRON}, zone=zone)
    return OwnSchedule(label(kind) or "")


def _field(written: object) -> str:
    return ",".join(map(str, written)) if isinstance(written, list) else str(written)[:1_000]


def _moment(given: object) -> float | None:
    """A date and time as RedBeat writes it, with the name of its zone, or seconds from UTC."""
    if not isinstance(given, Mapping):
        return None
    zone = given.get("timezone", "UTC")
    parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    try:
        # RedBeat itself reads a number as minutes, and wrote seconds.
        tz = ZoneInfo(zone) if isinstance(zone, str) else timezone(timedelta(seconds=zone))
        return datetime(*(int(given.get(part, 0)) for part in parts), tzinfo=tz).timestamp()  # type: ignore[misc,arg-type]
    except (ValueError, TypeError, OverflowError, OSError, KeyError):
        return None


def _columns(edit: EntryEdit) -> dict[str, object]:
    columns: dict[str, object] = {}
    if edit.enabled is not None:
        columns["enabled"] = edit.enabled
    if edit.args is not None:
        columns["args"] = list(edit.args)
    if edit.kwargs is not None:
        columns["kwargs"] = edit.kwargs
    if edit.schedule is not None:
        columns["schedule"] = _written(edit.schedule)
    return columns


def _written(schedule: Schedule) -> dict[str, object]:
    if isinstance(schedule, Crontab):
        return {TYPE: "crontab", **{name: getattr(schedule, name) for name in _CRON}}
    if isinstance(schedule, Interval):
        return {TYPE: "interval", "every": schedule.every_s, "relative": schedule.relative}
    raise ActionRefused("An entry is given a crontab or an interval here.", field="schedule")
