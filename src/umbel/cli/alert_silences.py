"""`umbel alerts`: silences and maintenance windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from umbel.cli import printing
from umbel.cli.durations import seconds
from umbel.cli.listing import ListFormat, listing_options, print_rows
from umbel.cli.source import with_source

if TYPE_CHECKING:
    from umbel.python.sources import Source
    from umbel.services.alerts.rows import ListedSilence

_SILENCES: Final = ("id", "holds", "from", "until", "again", "rule", "subject", "by", "reason")
_CSV_SILENCES: Final = (
    "id", "rule", "subject", "holds", "next_start", "next_until", "start", "until", "repeat_s",
    "zone", "last", "actor", "reason",
)  # fmt: skip
_TIMES: Final = ("start", "until", "last", "next_start", "next_until")


@click.command()
@listing_options
@with_source
def silences(source: Source, form: ListFormat) -> int:
    """Print what silences there are, and when each holds now or next."""
    import msgspec

    rows = [msgspec.to_builtins(each) for each in source.alerts().silences]
    columns = _CSV_SILENCES if form.as_csv else _SILENCES
    if not print_rows(rows, columns, form, shown=_shown, times=_TIMES) and not form.as_json:
        printing.say("Nothing is silent.", err=True)
    return 0


@click.command()
@click.option(
    "--for", "length", required=True, callback=seconds, metavar="DURATION", help="How long, as 2h."
)
@click.option("--rule", default="", metavar="ID", help="Of one rule alone; of all unless given.")
@click.option("--subject", default="*", metavar="PATTERN", help="Of these queues, workers, ...")
@click.option("--reason", required=True, help="Why; everybody reads it.")
@click.option(
    "--from",
    "start",
    metavar="TIME",
    help="When it begins, such as 2026-01-31T02:00; now unless given.",
)
@click.option(
    "--every",
    type=click.Choice(["day", "week"]),
    default=None,
    help="Again every day or week, as a maintenance window.",
)
@click.option(
    "--zone", default="UTC", show_default=True, help="The time zone of --from and --every."
)
@with_source
def silence(
    source: Source, length: float, rule: str, subject: str, reason: str, start: str | None,
    every: Any, zone: str,
) -> int:  # fmt: skip
    """Send nobody anything for a while."""
    from umbel.python.alerts import new_silence

    wanted = new_silence(
        length, reason, rule=rule, subject=subject, every=every, zone=zone,
        start=None if start is None else _time(start, zone),
    )  # fmt: skip
    made = source.silence_alerts(wanted)
    begins = "" if made.holds else f" from {printing.clock(made.next_start)}"
    until = printing.clock(made.next_until)
    again = "" if every is None else f", and so every {every}"
    printing.say(f"Nobody is sent anything{_about(made)}{begins} until {until}{again}: {made.id}.")
    return 0


def _about(made: ListedSilence) -> str:
    """What else than everything is silent."""
    subject = "" if made.subject == "*" else f" about {made.subject}"
    return f"{subject} by the rule {made.name or made.rule}" if made.rule else subject


@click.command()
@click.argument("silence_id", metavar="ID")
@with_source
def unsilence(source: Source, silence_id: str) -> int:
    """End a silence."""
    source.unsilence_alerts(silence_id)
    printing.say(f"The silence {silence_id} is over.")
    return 0


def _time(text: str, zone: str) -> float:
    from datetime import datetime

    from umbel.services.time_zones import zone_of

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text} is no time such as 2026-01-31T02:00.", param_hint="--from"
        ) from None
    if found.tzinfo is not None:
        return found.timestamp()
    at = found.replace(tzinfo=zone_of(zone)).timestamp()
    if datetime.fromtimestamp(at, zone_of(zone)).replace(tzinfo=None) != found:
        # What begins then would come again every day an hour late.
        raise click.BadParameter(
            f"Clocks in {zone} are put forward over {text}; begin it on another day.",
            param_hint="--from",
        )
    return at


def _shown(row: Mapping[str, Any]) -> dict[str, str]:
    repeat_s = row["repeat_s"]
    again = "" if repeat_s is None else f"every {'day' if repeat_s == 86_400 else 'week'}"
    return {
        **{name: str(row[name]) for name in ("id", "subject", "reason")},
        "rule": row["name"] or row["rule"],
        "holds": "now" if row["holds"] else "later",
        "from": printing.clock(row["next_start"]),
        "until": printing.clock(row["next_until"]),
        "again": f"{again} ({row['zone']})" if again else "",
        "by": row["actor"],
    }


SILENCE_COMMANDS: Final = (silences, silence, unsilence)
