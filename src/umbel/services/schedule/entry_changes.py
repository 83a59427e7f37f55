"""What is done about an entry: sent now, enabled, disabled, edited.

A change is planned by the same call that makes it, with `dry_run`: what it will be, when it is due
then, and what else follows. Who makes it names the `revision` of the entry that they saw, so that
nobody overwrites what somebody else has just written. Each has a line in the audit before it is
made and one after, also where it failed.
"""

from __future__ import annotations

import uuid

import msgspec

from umbel.auth.base import Actor
from umbel.beat.base import TEXT_MAX, Crontab, Entry, EntryEdit, Interval, Schedule
from umbel.clock import Clock
from umbel.errors import ActionRefused, UmbelError
from umbel.services.control.control import Control
from umbel.services.control.phrases import listed
from umbel.services.control.task_sender import Apply, SentTask
from umbel.services.deed import deed_of
from umbel.services.schedule.entry_consequences import (
    consequences_of,
    overdue_since,
    planned_runs,
)
from umbel.services.schedule.entry_judge import last_run_of, revision_of
from umbel.services.schedule.schedules import Schedules
from umbel.services.schedule.ticks import NextRun, why_never
from umbel.services.schedule.words import in_words
from umbel.store.ledger import Ledger


class WantedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What an entry should be; None is as it was. `crontab` has the five fields of crontab(5),
    `zone` goes with it; `every_s` is an interval in seconds."""

    enabled: bool | None = None
    crontab: str | None = None
    zone: str | None = None
    every_s: float | None = None
    args: list[object] | None = None
    kwargs: dict[str, object] | None = None


class EntryChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of an entry, made (`done`) or planned: `sentence` says what, `before` and `after`
    are its schedule in words, `next_runs` those that it has then, `consequences` what else
    follows."""

    id: str
    sentence: str
    before: str
    after: str
    enabled: bool
    revision: str
    consequences: tuple[str, ...] = ()
    next_runs: tuple[NextRun, ...] = ()
    done: bool = False


class EntryChanges:
    """Acts on entries. Any thread; every method blocks."""

    def __init__(
        self, schedules: Schedules, control: Control, ledger: Ledger, clock: Clock
    ) -> None:
        self._schedules = schedules
        self._control = control
        self._ledger = ledger
        self._clock = clock

    def run_now(self, wanted: str, actor: Actor, reason: str | None = None) -> SentTask:
        """Send its task as beat would, beside its schedule. Raises `EntryUnknown`, `ActionRefused`
        where its arguments are not known exactly, and what `Control.apply` raises."""
        entry = self._schedules.entry(wanted)
        if not entry.exact:
            raise ActionRefused(
                "Its arguments are not known exactly here: they are long, or no JSON.",
                remedy="Send the task from the page Run, with the arguments that it needs.",
                field="id",
            )
        if entry.unsent:
            raise ActionRefused(
                f"Beat sends it with {listed(entry.unsent, 5)} as well, which cannot be sent from "
                "an entry here.",
                remedy="Send the task from the page Run, with all that it needs.",
                field="id",
            )
        return self._control.apply(
            Apply(
                name=entry.task,
                args=list(entry.args),
                kwargs=entry.kwargs,
                queue=entry.queue,
                exchange=_beside(entry.queue, entry.exchange),
                routing_key=_beside(entry.queue, entry.routing_key),
                priority=entry.priority,
                headers=entry.headers,
                expires=entry.expires_s,
                reason=reason or f"The entry {entry.name}, now.",
            ),
            actor,
        )

    def change(
        self,
        wanted: str,
        edit: WantedEntry,
        actor: Actor,
        *,
        dry_run: bool,
        revision: str | None = None,
        reason: str | None = None,
    ) -> EntryChange:
        """Plan it, or make it. Raises `EntryUnknown`, `ActionRefused` and
        `ScheduleUnavailable`."""
        self._schedules.sources.forget()  # as it is now, not as it was some seconds ago
        entry = self._schedules.entry(wanted)
        written = _written(entry, edit)
        plan = self._plan(entry, written)
        if dry_run:
            return plan
        if revision is not None and revision != revision_of(entry):
            raise ActionRefused(
                "Somebody has changed this entry since you looked at it.",
                remedy="Look at it again, and then change it.",
                field="revision",
            )
        self._make(entry, written, plan, actor, reason)
        return msgspec.structs.replace(plan, done=True)

    def _make(
        self, entry: Entry, written: EntryEdit, plan: EntryChange, actor: Actor, reason: str | None
    ) -> None:
        source = self._schedules.sources.writable(entry.source)
        action = _action(written)
        target = f"entry {entry.name}: {plan.sentence}"
        line = msgspec.structs.replace(
            deed_of(actor, action, target, self._clock.now(), reason=reason),
            action_id=uuid.uuid4().hex,
        )
        self._ledger.record(msgspec.structs.replace(line, outcome=None))
        try:
            source.change(entry.name, written)
        except UmbelError as error:
            failed = msgspec.structs.replace(line, outcome="failed", answer=error.message)
            self._ledger.record(failed)
            raise
        finally:
            self._schedules.sources.forget()
        self._ledger.record(line)

    def _plan(self, entry: Entry, written: EntryEdit) -> EntryChange:
        after = changed(entry, written)
        never = why_never(after.schedule)
        if never and written.schedule is not None:
            raise ActionRefused(never, field="crontab")
        now = self._clock.now()
        detail = self._schedules.detail(entry.name)
        is_forgotten = written.enabled or entry.since is not None
        seen = None if is_forgotten else next(reversed(detail.ticks), None)
        last = last_run_of(entry, seen)
        is_rescheduled = written.enabled or written.schedule is not None
        overdue = overdue_since(after, last, now) if is_rescheduled else None
        return EntryChange(
            id=f"{entry.source}:{entry.name}",
            sentence=_sentence(entry, after, written),
            before=in_words(entry.schedule),
            after=in_words(after.schedule),
            enabled=after.enabled,
            revision=revision_of(entry),
            consequences=tuple(consequences_of(entry, after, written, detail.row, overdue, now)),
            next_runs=() if never else planned_runs(after, last, overdue, now),
        )


def _beside(queue: str | None, given: str | None) -> str | None:
    """An exchange or a routing key, where it says more than the queue, which is called the same."""
    return None if queue is not None and given in (queue, "") else given


def changed(entry: Entry, edit: EntryEdit) -> Entry:
    """The entry as it would be."""
    given = {
        name: value for name, value in msgspec.structs.asdict(edit).items() if value is not None
    }
    return msgspec.structs.replace(entry, **given)


def _written(entry: Entry, wanted: WantedEntry) -> EntryEdit:
    """The edit that a source is given. Raises `ActionRefused` where it takes none."""
    schedule = _schedule(entry, wanted)
    edit = EntryEdit(
        enabled=None if wanted.enabled == entry.enabled else wanted.enabled,
        schedule=None if schedule == entry.schedule else schedule,
        args=None if wanted.args is None else tuple(wanted.args),
        kwargs=wanted.kwargs,
    )
    needed = "edit" if edit.enabled is None else "enable" if edit.enabled else "disable"
    if not (_fits(edit.args) and _fits(edit.kwargs)):
        raise ActionRefused(
            f"Arguments of an entry have up to {TEXT_MAX:,} bytes as JSON here.",
            remedy="Let the task look for what is larger itself.",
            field="args" if not _fits(edit.args) else "kwargs",
        )
    if edit == EntryEdit():
        raise ActionRefused("Nothing would be otherwise.", field="enabled")
    if needed not in entry.can:
        raise ActionRefused(entry.locked or "This entry cannot be changed where it stands.")
    return edit


def _fits(arguments: object) -> bool:
    return len(msgspec.json.encode(arguments)) <= TEXT_MAX


def _schedule(entry: Entry, wanted: WantedEntry) -> Schedule | None:
    if wanted.crontab is not None and wanted.every_s is not None:
        raise ActionRefused("An entry has a crontab or an interval, not both.", field="every_s")
    own = entry.schedule
    zone = own.zone if isinstance(own, Crontab | Interval) else "UTC"
    if wanted.every_s is not None:
        return Interval(wanted.every_s, zone=zone)
    if wanted.crontab is None:
        return None
    fields = wanted.crontab.split()
    if len(fields) != 5:
        raise ActionRefused(
            "A crontab has five fields: minute, hour, day of the month, month and day of the week.",
            remedy="Write 0 8 * * mon-fri for every weekday at 08:00.",
            field="crontab",
        )
    if entry.source == "redbeat" and wanted.zone not in {None, zone}:
        raise ActionRefused(
            f"RedBeat's entries go by the application's zone, {zone}.", field="zone"
        )
    minute, hour, day, month, weekday = fields
    return Crontab(minute, hour, weekday, day, month, wanted.zone or zone)


def _action(edit: EntryEdit) -> str:
    if edit.enabled is None or edit.schedule is not None:
        return "edit-entry"
    return "enable-entry" if edit.enabled else "disable-entry"


def _sentence(entry: Entry, after: Entry, edit: EntryEdit) -> str:
    parts = []
    if edit.enabled is not None:
        parts.append("enabled" if edit.enabled else "disabled")
    if edit.schedule is not None:
        parts.append(f"{in_words(after.schedule)} instead of {in_words(entry.schedule)}")
    if edit.args is not None or edit.kwargs is not None:
        parts.append("other arguments")
    return f"{', '.join(parts)[:500]}."
