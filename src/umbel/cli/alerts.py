"""`umbel alerts`: what fires, rules, back-tests, silences, who takes care, test messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from umbel.cli import printing
from umbel.cli.groups import Group
from umbel.cli.listing import ListFormat, limit_option, listing_options, print_rows
from umbel.cli.source import with_source

if TYPE_CHECKING:
    from umbel.python.sources import Source
    from umbel.services.alerts.rows import ListedRule

_ALERTS: Final = ("id", "severity", "name", "subject", "phase", "since", "by", "sentence")
_CSV_ALERTS: Final = (
    "id", "rule", "name", "severity", "subject", "phase", "since", "fired", "ended", "value",
    "sentence",
)  # fmt: skip
_RULES: Final = ("id", "name", "answer", "severity", "notify", "condition")
_CSV_RULES: Final = (
    "id", "name", "condition", "severity", "answer", "pending_s", "clear_s", "notify", "enabled",
)  # fmt: skip
_TIMES: Final = ("since", "fired", "ended")


def _seconds(text: str) -> float:
    from umbel.settings.units import DURATIONS, amount_of

    try:
        return amount_of(text, DURATIONS, "5min")
    except ValueError as error:
        raise click.BadParameter(f"{text} is no duration such as 5min or 2h. {error}") from None


def _optional_seconds(_: click.Context, __: click.Parameter, text: str | None) -> float | None:
    return None if text is None else _seconds(text)


def _given_seconds(_: click.Context, __: click.Parameter, text: str) -> float:
    return _seconds(text)


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
    if not rows:
        printing.say("Nothing fires." if now.rules else "There are no rules yet.", err=True)
    for each in now.unknown:
        printing.say(f"{each.answer.capitalize()}: {each.sentence} ({each.rule})", err=True)
    if now.failed:
        printing.say(
            f"{len(now.failed):,} messages were not delivered: umbel alerts notifiers.", err=True
        )
    return int(bool(now.firing))


@alerts.command()
@listing_options
@with_source
def rules(source: Source, form: ListFormat) -> int:
    """Print all rules, and what each says now."""
    import msgspec

    rows = [
        {
            **msgspec.to_builtins(each.rule),
            "answer": _answer(each),
            "why": "" if each.answer is None else each.answer.sentence,
        }
        for each in source.alert_rules().items
    ]
    columns = _CSV_RULES if form.as_csv else _RULES
    if not print_rows(rows, columns, form, shown=_shown_rule) and not form.as_json:
        printing.say("There are no rules yet: umbel alerts add NAME 'RULE'.", err=True)
    return 0


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
@click.argument("name")
@click.argument("rule", nargs=-1, required=True)
@click.option("--severity", type=click.Choice(["critical", "warning", "notice"]), default="warning")
@click.option(
    "--for",
    "pending",
    default="0s",
    callback=_given_seconds,
    metavar="DURATION",
    help="How long it must be so before it fires.",
)
@click.option(
    "--clear",
    default="1min",
    callback=_given_seconds,
    metavar="DURATION",
    help="How long it must be over before it ends.",
)
@click.option("--notify", multiple=True, metavar="NOTIFIER", help="Of the settings; several times.")
@click.option(
    "--escalate",
    default=None,
    callback=_optional_seconds,
    metavar="DURATION",
    help="After how long without an acknowledgement it is sent again.",
)
@click.option("--escalate-to", multiple=True, metavar="NOTIFIER", help="To these instead.")
@click.option("--note", default="", help="What to do, in your words.")
@with_source
def add(
    source: Source, name: str, rule: tuple[str, ...], severity: Any, pending: float, clear: float,
    notify: tuple[str, ...], escalate: float | None, escalate_to: tuple[str, ...], note: str,
) -> int:  # fmt: skip
    """Watch RULE from now on, such as 'failure rate of name:billing.* > 5 % over 10 min'."""
    from umbel.services.alerts.rows import NewRule

    wanted = NewRule(
        name=name, condition=" ".join(rule), severity=severity, pending_s=pending, clear_s=clear,
        notify=notify, escalate_s=escalate, escalate_to=escalate_to, note=note,
    )  # fmt: skip
    made = source.add_alert_rule(wanted)
    printing.say(f"{made.rule.name} is watched as {made.rule.id}. {made.sentence}")
    if not notify:
        printing.say("It notifies nobody: --notify names who is told.", err=True)
    return 0


@alerts.command()
@click.argument("rule_id", metavar="ID")
@with_source
def remove(source: Source, rule_id: str) -> int:
    """Remove a rule, and end what it fires."""
    source.remove_alert_rule(rule_id)
    printing.say(f"The rule {rule_id} is removed.")
    return 0


@alerts.command(name="back-test")
@click.argument("rule", nargs=-1, required=True)
@click.option("--days", type=click.FloatRange(0, 31, min_open=True), default=7.0, show_default=True)
@click.option(
    "--for",
    "pending",
    default="0s",
    callback=_given_seconds,
    metavar="DURATION",
    help="How long it must be so before it fires.",
)
@listing_options
@with_source
def back_test(
    source: Source, rule: tuple[str, ...], days: float, pending: float, form: ListFormat
) -> int:
    """Tell when RULE would have fired in the last days, before it is added."""
    import msgspec

    found = source.back_test(" ".join(rule), pending, 60.0, days)
    rows = [msgspec.to_builtins(each) for each in found.firings]
    columns = ("start", "end", "subject", "worst")
    print_rows(rows, columns, form, shown=_shown_firing, times=("start", "end"))
    printing.say(found.sentence, err=form.as_json or form.as_csv)
    return 0 if found.possible else 1


@alerts.command()
@click.argument("alert_id", metavar="ID")
@click.option("--note", default="", help="Your words about it; everybody reads them.")
@with_source
def acknowledge(source: Source, alert_id: str, note: str) -> int:
    """Take care of an alert, so that it is escalated no more."""
    found = source.acknowledge_alert(alert_id, note.strip())
    printing.say(f"You take care of {found.name}.")
    return 0


@alerts.command()
@click.option("--for", "length", required=True, callback=_given_seconds, metavar="DURATION")
@click.option("--rule", default="", metavar="ID", help="Of one rule alone; of all unless given.")
@click.option("--subject", default="*", metavar="PATTERN", help="Of these queues, workers, ...")
@click.option("--reason", required=True, help="Why; everybody reads it.")
@click.option(
    "--every",
    type=click.Choice(["day", "week"]),
    default=None,
    help="Again every day or week, as a maintenance window.",
)
@with_source
def silence(
    source: Source, length: float, rule: str, subject: str, reason: str, every: str | None
) -> int:
    """Send nobody anything for a while."""
    import time

    from umbel.services.alerts.rows import NewSilence

    repeat_s = None if every is None else 86_400.0 if every == "day" else 604_800.0
    made = source.silence_alerts(
        NewSilence(
            until=time.time() + length, reason=reason, rule=rule, subject=subject,
            repeat_s=repeat_s,
        )
    )  # fmt: skip
    printing.say(f"Nobody is sent anything until {printing.clock(made.until)}: {made.id}.")
    return 0


@alerts.command()
@click.argument("silence_id", metavar="ID")
@with_source
def unsilence(source: Source, silence_id: str) -> int:
    """End a silence."""
    source.unsilence_alerts(silence_id)
    printing.say(f"The silence {silence_id} is over.")
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


def _answer(listed: ListedRule) -> str:
    if not listed.rule.enabled:
        return "off"
    return "not judged yet" if listed.answer is None else listed.answer.answer


def _shown(row: Mapping[str, Any]) -> dict[str, str]:
    by = row["acknowledgement"]
    return {
        **{name: str(row[name] or "") for name in _ALERTS if name in row},
        "since": printing.clock(row["since"]),
        "by": by["actor"] if by else "",
    }


def _shown_rule(row: Mapping[str, Any]) -> dict[str, str]:
    return {
        **{name: str(row[name] or "") for name in _RULES},
        "notify": " ".join(row["notify"]),
    }


def _shown_firing(row: Mapping[str, Any]) -> dict[str, str]:
    return {
        "start": printing.clock(row["start"]),
        "end": "" if row["end"] is None else printing.clock(row["end"]),
        "subject": row["subject"],
        "worst": f"{row['worst']:g}",
    }
