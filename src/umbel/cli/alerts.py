"""`umbel alerts`: what fires, who takes care, whom rules notify, test messages. `alert_rules` and
`alert_silences` have the other commands of the group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from umbel.cli import printing
from umbel.cli.alert_rules import RULE_COMMANDS
from umbel.cli.alert_silences import SILENCE_COMMANDS
from umbel.cli.groups import Group
from umbel.cli.listing import ListFormat, limit_option, listing_options, print_rows
from umbel.cli.source import with_source
from umbel.services.phrases import number

if TYPE_CHECKING:
    from umbel.python.sources import Source

_ALERTS: Final = ("id", "severity", "name", "subject", "phase", "since", "by", "sentence")
_CSV_ALERTS: Final = (
    "id", "rule", "name", "severity", "subject", "phase", "since", "fired", "ended", "value",
    "sentence",
)  # fmt: skip
_TIMES: Final = ("since", "fired", "ended")


@click.group(cls=Group, short_help="Alerts: what fires, rules, back-tests, silences.")
def alerts() -> None:
    """What fires, and the rules that say when."""


@alerts.command(name="list")
@click.option("--ended", is_flag=True, help="Those that ended, the last first.")
@limit_option
@listing_options
@with_source
def list_alerts(source: Source, ended: bool, limit: int, form: ListFormat) -> int:
    """Print what fires now, the gravest first. Exits with 1 where anything does."""
    import msgspec

    now = None if ended else source.alerts()
    found = source.alert_history(None, min(limit, 200)).items if now is None else (
        *now.firing, *now.pending,
    )  # fmt: skip
    rows = [msgspec.to_builtins(each) for each in found[:limit]]
    columns = _CSV_ALERTS if form.as_csv else _ALERTS
    print_rows(rows, columns, form, shown=_shown, times=_TIMES)
    if now is None or form.as_json:
        return 0 if now is None else int(bool(now.firing))
    more = len(found) - len(rows) + now.more
    if more:
        printing.say(f"And {more:,} more.", err=True)
    if not rows:
        printing.say("Nothing fires." if now.rules else "There are no rules yet.", err=True)
    for each in now.unknown:
        printing.say(f"{each.answer.capitalize()}: {each.sentence} ({each.name})", err=True)
    if now.failed:
        messages = number(len(now.failed), "message was", "messages were")
        printing.say(f"{messages} not delivered: umbel alerts notifiers.", err=True)
    return int(bool(now.firing))


@alerts.command()
@click.argument("alert_id", metavar="ID")
@with_source
def show(source: Source, alert_id: str) -> int:
    """Print one alert, and what was sent about it."""
    found = source.alert(alert_id)
    alert = found.alert
    about = f" of {alert.subject}" if alert.subject else ""
    printing.say(f"{alert.name}{about}: {alert.phase}, {alert.severity}.")
    printing.say(alert.sentence)
    printing.say(found.sentence)
    printing.say(f"Since {printing.clock(alert.since)}" + (
        f" until {printing.clock(alert.ended)}." if alert.ended is not None else "."
    ))  # fmt: skip
    by = alert.acknowledgement
    if by is not None:
        note = f": {by.note}" if by.note else "."
        printing.say(f"{by.actor} takes care since {printing.clock(by.at)}{note}")
    for each in found.notices:
        printing.say(
            f"{printing.clock(each.at)} {each.kind} to {each.notifier}: {each.state} {each.trouble}"
        )
    return 0


@alerts.command()
@click.argument("alert_id", metavar="ID")
@click.option("--note", default="", help="Your words about it; everybody reads them.")
@click.option("--instead-of", default="", metavar="NAME", help="Take it over from who takes care.")
@with_source
def acknowledge(source: Source, alert_id: str, note: str, instead_of: str) -> int:
    """Take care of an alert, so that it is escalated no more."""
    found = source.acknowledge_alert(alert_id, note.strip(), instead_of)
    printing.say(f"You take care of {found.name}.")
    return 0


@alerts.command()
@listing_options
@with_source
def notifiers(source: Source, form: ListFormat) -> int:
    """Print whom rules can notify, and messages that were not delivered."""
    import msgspec

    found = source.notifiers()
    rows = [msgspec.to_builtins(each) for each in found.items]
    columns = ("name", "kind", "address")
    if not print_rows(rows, columns, form, shown=lambda row: row) and not form.as_json:
        printing.say("The settings name none: [alerts.notifiers.NAME].", err=True)
    for each in found.notices:
        if each.state != "delivered":
            printing.say(
                f"{printing.clock(each.at)} {each.notifier} {each.state}: {each.title}. "
                f"{each.trouble}",
                err=True,
            )
    return 0


@alerts.command()
@click.argument("notifier")
@with_source
def test(source: Source, notifier: str) -> int:
    """Send a test message by NOTIFIER, and tell how that went."""
    found = source.test_notifier(notifier)
    if found.state == "delivered":
        printing.say(f"{notifier} took the test message.")
        return 0
    printing.say(f"{notifier} did not take the test message. {found.trouble}", err=True)
    return 1


def _shown(row: Mapping[str, Any]) -> dict[str, str]:
    by = row["acknowledgement"]
    return {
        **{name: str(row[name] or "") for name in _ALERTS if name in row},
        "since": printing.clock(row["since"]),
        "by": by["actor"] if by else "",
    }


for _each in (*RULE_COMMANDS, *SILENCE_COMMANDS):
    alerts.add_command(_each)
