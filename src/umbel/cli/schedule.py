"""`umbel schedule`: beat's entries, what became of them, and what may be done with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from umbel.cli import printing
from umbel.cli.groups import Group
from umbel.cli.listing import ListFormat, listing_options, print_rows
from umbel.cli.source import with_source

if TYPE_CHECKING:
    from umbel.python.sources import Source
    from umbel.services.schedule.entry_changes import EntryChange, WantedEntry
    from umbel.services.schedule.rows import ScheduleList

_COLUMNS: Final = ("entry", "when", "next", "last", "runs", "p95")
_CSV_COLUMNS: Final = (
    "id", "words", "written", "zone", "next", "bars", "late_s", "runtime_p95", "queue", "counts",
)  # fmt: skip
#: So many of the last times stand in a line.
_BARS: Final = 20


@click.group(cls=Group, short_help="Beat's entries: list, look at, run, enable, disable, edit.")
def schedule() -> None:
    """Beat's entries: of the application, django-celery-beat and RedBeat."""


@schedule.command(name="list")
@click.argument("contains", default="")
@click.option(
    "--sort", type=click.Choice(("trouble", "name", "next")), default="trouble", show_default=True,
    help="Those with trouble first, by name, or by the next run.",
)  # fmt: skip
@listing_options
@with_source
def list_entries(source: Source, contains: str, sort: Any, form: ListFormat) -> int:
    """List entries with CONTAINS in their name or task.

    A letter stands for each of the last times: o on time, l late, w waiting, m missed, u unknown, f
    failed, d sent more than once, v overlapping the run before.
    """
    import msgspec

    from umbel.services.schedule.schedules import ROWS_MAX

    found = source.schedule(contains, sort, ROWS_MAX)
    rows = [msgspec.to_builtins(each) for each in found.items]
    columns = _CSV_COLUMNS if form.as_csv else _COLUMNS
    printed = print_rows(rows, columns, form, shown=_shown, times=("next",))
    if not form.as_json:
        _say_rest(found, printed)
    return 0


def _say_rest(found: ScheduleList, printed: int) -> None:
    if not printed:
        printing.say("No entry of beat is known, or none that matches.", err=True)
    if found.beat.sentence:
        printing.say(found.beat.sentence, err=True)
    for each in found.sources:
        if each.trouble:
            printing.say(f"{each.trouble} {each.remedy}".strip(), err=True)
    if not found.complete:
        printing.say("The history of some entries was not read yet: ask again.", err=True)


@schedule.command()
@click.argument("entry")
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
@with_source
def show(source: Source, entry: str, as_json: bool) -> int:
    """Tell of one ENTRY what became of its last times, why, and when it is due next."""
    import msgspec

    found = source.entry(entry)
    if as_json:
        printing.put(msgspec.json.encode(found).decode())
        return 0
    printing.put(printing.clean(f"{found.row.id}: {found.row.entry.task}, {found.row.words}"))
    for warning in found.warnings:
        printing.put(printing.clean(warning))
    for tick in found.ticks:
        line = f"{printing.clock(tick.due)}\t{tick.verdict}\t{tick.state or ''}\t{tick.reason}"
        printing.put(printing.clean(line, lines=True))
    for coming in found.next_runs:
        printing.put(printing.clean(f"next {coming.local} {coming.jump}".rstrip()))
    return 0


@schedule.command()
@click.argument("entry")
@click.option("--reason", default=None, help="Why; it goes into the audit.")
@with_source
def run(source: Source, entry: str, reason: str | None) -> int:
    """Send the task of ENTRY now, as beat would, beside its schedule."""
    printing.put(source.run_entry(entry, reason).task_id)
    return 0


_DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what would be, and change nothing.")
_REASON = click.option("--reason", default=None, help="Why; it goes into the audit.")


@schedule.command()
@click.argument("entry")
@_DRY_RUN
@_REASON
@with_source
def enable(source: Source, entry: str, dry_run: bool, reason: str | None) -> int:
    """Let beat send ENTRY again."""
    return _change(source, entry, _wanted(enabled=True), dry_run, reason)


@schedule.command()
@click.argument("entry")
@_DRY_RUN
@_REASON
@with_source
def disable(source: Source, entry: str, dry_run: bool, reason: str | None) -> int:
    """Let beat send ENTRY no more."""
    return _change(source, entry, _wanted(enabled=False), dry_run, reason)


@schedule.command()
@click.argument("entry")
@click.option("--crontab", default=None, help="Minute, hour, day, month, weekday: '0 8 * * mon'.")
@click.option("--zone", default=None, help="The time zone of the crontab, as Europe/Berlin.")
@click.option("--every", "every_s", type=float, default=None, help="An interval, in seconds.")
@_DRY_RUN
@_REASON
@with_source
def edit(
    source: Source, entry: str, crontab: str | None, zone: str | None, every_s: float | None,
    dry_run: bool, reason: str | None,
) -> int:  # fmt: skip
    """Give ENTRY another schedule."""
    wanted = _wanted(crontab=crontab, zone=zone, every_s=every_s)
    return _change(source, entry, wanted, dry_run, reason)


def _wanted(**given: Any) -> WantedEntry:
    from umbel.services.schedule.entry_changes import WantedEntry

    return WantedEntry(**given)


def _change(
    source: Source, entry: str, wanted: WantedEntry, dry_run: bool, reason: str | None
) -> int:
    made: EntryChange = source.change_entry(entry, wanted, dry_run=dry_run, reason=reason)
    printing.say(printing.clean(f"{made.id} {'is' if made.done else 'would be'} {made.sentence}"))
    for consequence in made.consequences:
        printing.say(consequence, err=True)
    return 0


def _shown(row: Mapping[str, Any]) -> dict[str, str]:
    last = row["last"] or {}
    return {
        "entry": row["entry"]["name"],
        "when": row["words"] + (f" ({row['zone']})" if row["zone"] not in {"", "UTC"} else ""),
        "next": printing.clock(row["next"]) if row["next"] else "",
        "last": " ".join(filter(None, (last.get("verdict"), last.get("reason")))),
        "runs": row["bars"][-_BARS:],
        "p95": "" if row["runtime_p95"] is None else f"{row['runtime_p95']:.1f} s",
    }
