"""`umbel queues` (lengths and consumers), and `umbel queue` with what is done to one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from umbel.cli import printing
from umbel.cli.groups import Group
from umbel.cli.listing import ListFormat, listing_options, print_rows
from umbel.cli.options import given_settings, settings_options
from umbel.cli.plan_and_run import RunOptions, act, acting_options
from umbel.cli.queue_profile import show
from umbel.cli.source import with_source

if TYPE_CHECKING:
    from umbel.python.sources import Source

_COLUMNS: Final = (
    "name", "ready", "hour_ago", "trend", "in_per_min", "out_per_min", "oldest_s", "wait_p95_s",
    "drain_s", "unacknowledged", "consumers", "workers",
)  # fmt: skip
_MESSAGE: Final = ("task_id", "name", "args", "kwargs", "age_s", "eta", "retries", "priority")


@click.command(short_help="List queues.")
@click.argument("search", required=False, default="")
@listing_options
@with_source
def queues(source: Source, search: str, form: ListFormat) -> int:
    """List the queues, those in trouble first: how many messages wait and did an hour ago, whether
    that is growing, draining or steady, how many a minute come in and leave, how old the oldest
    is, how long tasks waited, when it will be empty, and who consumes. SEARCH: words in the
    name of the queue or of who consumes it."""
    import msgspec

    found = source.queues(search)
    rows = [msgspec.to_builtins(each) for each in found.items]
    print_rows(rows, _COLUMNS, form, shown=_shown)
    if form.as_json:
        return 0
    if found.more:
        printing.say(
            f"{found.more:,} more queues are not listed: SEARCH finds them by name.", err=True
        )
    for sentence in dict.fromkeys(found.capabilities.missing.values()):
        printing.say(sentence, err=True)
    refusals = (each.trouble for each in found.items if not each.is_absent)
    for refusal in filter(None, dict.fromkeys(refusals)):
        printing.say(refusal, err=True)
    if found.unsampled is not None:
        printing.say(found.unsampled, err=True)
    return 0


def _shown(row: Mapping[str, Any]) -> dict[str, str]:
    cells = {name: "?" if row[name] is None else str(row[name]) for name in _COLUMNS}
    if row["oldest_s"] is not None:
        cells["oldest_s"] = f"{row['oldest_s']:.1f}"
    cells["workers"] = "?" if row["workers"] is None else ", ".join(row["workers"])
    if row["paused"] is not None:
        cells["workers"] = f"paused by {row['paused']['by']} {cells['workers']}".rstrip()
    if row["drain_s"] is None:  # it does not drain, or that is not known: the trend says which
        cells["drain_s"] = ""
    return cells


@click.group(cls=Group, short_help="Look into a queue, pause or empty it.")
def queue() -> None:
    """Look into a queue, pause and resume it, or empty it."""


queue.add_command(show)


@queue.command(short_help="Show the next messages, which stay.")
@click.argument("name")
@click.option(
    "-n", "--limit", type=click.IntRange(1, 100), default=20, show_default=True, help="How many."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@with_source
def peek(source: Source, name: str, limit: int, as_json: bool) -> int:
    """Show the next messages of the queue NAME, which stay where they are."""
    import msgspec

    messages, now = source.messages(name, limit), source.now()
    if not messages:
        source.queue(name)  # raises that there is none: on Redis every name has no messages
    rows = [msgspec.to_builtins(each) for each in messages]
    if as_json:
        for row in rows:
            printing.put_json(row)
    elif not printing.print_table((_message(row, now) for row in rows), _MESSAGE):
        printing.say("No message waits.", err=True)
    return 0


def _message(row: Mapping[str, Any], now: float) -> dict[str, str]:
    age_s = "" if row["sent"] is None else f"{max(0.0, now - row['sent']):.1f}"
    found = {**row, "age_s": age_s}
    cells = {name: "" if found[name] is None else str(found[name]) for name in _MESSAGE}
    if row["unreadable"]:
        cells["args"] = str(row["unreadable"])
    return cells


@queue.command(short_help="Remove Umbel's own event queue from RabbitMQ.")
@settings_options
def forget(**options: Any) -> None:
    """Remove the queue in which RabbitMQ keeps events for this data directory while no
    collector runs, with all that waits in it. Stop the collector first. Without this RabbitMQ
    removes the queue by itself after `collector.queue_expires`."""
    from umbel import app

    printing.say(app.remove_event_queue(given_settings(options)))


@queue.command(short_help="Let no worker consume it until it is resumed.")
@click.argument("name")
@acting_options
@with_source
def pause(source: Source, name: str, options: RunOptions) -> int:
    """Let no worker consume the queue NAME until it is resumed. What is sent there waits; what
    workers have fetched already still runs. The pause is remembered: while umbel serve runs, a
    worker that starts meanwhile is stopped, too."""
    return act(source, {"action": "pause", "queue": name}, options)


@queue.command(short_help="Undo a pause.")
@click.argument("name")
@acting_options
@with_source
def resume(source: Source, name: str, options: RunOptions) -> int:
    """Let those consume the paused queue NAME again that consumed it before."""
    return act(source, {"action": "resume", "queue": name}, options)


@queue.command(short_help="Remove every message that waits.")
@click.argument("name")
@acting_options
@with_source
def purge(source: Source, name: str, options: RunOptions) -> int:
    """Remove every message that waits in the queue NAME; they cannot be had again."""
    return act(source, {"action": "purge", "queue": name}, options)
