"""`umbel alerts`: rules, and back-tests of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from umbel.cli import printing
from umbel.cli.durations import optional_seconds, seconds
from umbel.cli.listing import ListFormat, listing_options, print_rows
from umbel.cli.source import with_source

if TYPE_CHECKING:
    from umbel.python.sources import Source
    from umbel.services.alerts.rows import ListedRule

_RULES: Final = ("id", "name", "answer", "severity", "notify", "condition")
_CSV_RULES: Final = (
    "id", "name", "condition", "severity", "answer", "pending_s", "clear_s", "notify", "enabled",
)  # fmt: skip
_SEVERITIES: Final = click.Choice(["critical", "warning", "notice"])
_PENDING: Final = click.option(
    "--for",
    "pending",
    default="0s",
    callback=seconds,
    metavar="DURATION",
    help="How long it must be so before it fires.",
)


@click.command()
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


@click.command()
@click.argument("name")
@click.argument("rule", nargs=-1, required=True)
@click.option(
    "--severity",
    type=_SEVERITIES,
    default="warning",
    show_default=True,
    help="How grave it is.",
)
@_PENDING
@click.option(
    "--clear",
    default="1min",
    callback=seconds,
    metavar="DURATION",
    help="How long it must be over before it ends.",
)
@click.option("--notify", multiple=True, metavar="NOTIFIER", help="Of the settings; several times.")
@click.option(
    "--escalate",
    default=None,
    callback=optional_seconds,
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
    from umbel.store.alerts import NewRule

    wanted = NewRule(
        name=name, condition=" ".join(rule), severity=severity, pending_s=pending, clear_s=clear,
        notify=notify, escalate_s=escalate, escalate_to=escalate_to, note=note,
    )  # fmt: skip
    made = source.add_alert_rule(wanted)
    printing.say(f"{made.rule.name} is watched as {made.rule.id}. {made.sentence}")
    if not notify:
        printing.say("It notifies nobody: --notify names who is told.", err=True)
    return 0


@click.command()
@click.argument("rule_id", metavar="ID")
@click.option("--name", help="What people call it.")
@click.option("--rule", "condition", metavar="RULE", help="The rule as a sentence.")
@click.option("--severity", type=_SEVERITIES, help="How grave it is.")
@click.option(
    "--for",
    "pending_s",
    callback=optional_seconds,
    metavar="DURATION",
    help="How long it must be so before it fires.",
)
@click.option(
    "--clear",
    "clear_s",
    callback=optional_seconds,
    metavar="DURATION",
    help="How long it must be over before it ends.",
)
@click.option(
    "--notify",
    multiple=True,
    metavar="NOTIFIER",
    help="In the place of those that it notifies; several times.",
)
@click.option(
    "--escalate",
    "escalate_s",
    callback=optional_seconds,
    metavar="DURATION",
    help="After how long without an acknowledgement it is sent again.",
)
@click.option("--escalate-to", multiple=True, metavar="NOTIFIER", help="To these instead.")
@click.option("--note", help="What to do, in your words.")
@click.option("--on/--off", "enabled", default=None, help="Whether it is judged.")
@with_source
def change(source: Source, rule_id: str, **given: Any) -> int:
    """Change what is given of a rule."""
    from umbel.python.alerts import change_rule_of

    changes = {field: value for field, value in given.items() if value not in (None, ())}
    if not changes:
        raise click.UsageError("Say what is to be changed, such as --severity critical.")
    made = change_rule_of(source, rule_id, changes)
    printing.say(f"{made.rule.name} is changed. {made.sentence}")
    return 0


@click.command()
@click.argument("rule_id", metavar="ID")
@with_source
def remove(source: Source, rule_id: str) -> int:
    """Remove a rule, and end what it fires."""
    source.remove_alert_rule(rule_id)
    printing.say(f"The rule {rule_id} is removed.")
    return 0


@click.command(name="back-test")
@click.argument("rule", nargs=-1, required=True)
@click.option(
    "--days",
    type=click.FloatRange(0, 31, min_open=True),
    default=7.0,
    show_default=True,
    help="How far back it looks.",
)
@_PENDING
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


def _answer(listed: ListedRule) -> str:
    if not listed.rule.enabled:
        return "off"
    return "not judged yet" if listed.answer is None else listed.answer.answer


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


RULE_COMMANDS: Final = (rules, add, change, remove, back_test)
