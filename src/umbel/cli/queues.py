"""`umbel queues` (lengths and consumers), `umbel queue peek`, `purge` and `forget`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from umbel.cli import printing
from umbel.cli.groups import Group
from umbel.cli.listing import ListFormat, listing_options, print_rows
from umbel.cli.options import given_settings, settings_options
from umbel.cli.plan_and_run import RunOptions, act, acting_options
from umbel.cli.source import with_source
from umbel.errors import UmbelError

if TYPE_CHECKING:
    from umbel.python.sources import Source
    from umbel.services.cluster.queue_inspection import QueueRow
    from umbel.services.samples.queue_trends import DepthPoint, QueueTrend

_COLUMNS: Final = (
    "name", "ready", "hour_ago", "trend", "unacknowledged", "consumers", "workers",
)  # fmt: skip
_NO_SAMPLES: Final = (
    "How full queues were is not known: there are no samples of the last hour. umbel serve takes "
    "them while it runs (samples.period)."
)
_MESSAGE: Final = ("task_id", "name", "args", "kwargs", "eta", "retries", "priority")


@click.command(short_help="List queues.")
@listing_options
@with_source
def queues(source: Source, form: ListFormat) -> int:
    """List the queues: how many messages wait and did an hour ago, whether that is growing,
    draining or steady, how many are with workers, and who consumes."""
    import msgspec

    items, capabilities = source.queues()
    trends, trouble = _trends(source, items)
    rows = [
        {**msgspec.to_builtins(each), **msgspec.to_builtins(trend)}
        for each, trend in zip(items, trends, strict=True)
    ]
    print_rows(rows, _COLUMNS, form, shown=_shown)
    if form.as_json:
        return 0
    for sentence in dict.fromkeys(capabilities.missing.values() if capabilities else ()):
        printing.say(sentence, err=True)
    if trouble is not None:
        printing.say(trouble, err=True)
    return 0


def _trends(source: Source, items: Sequence[QueueRow]) -> tuple[list[QueueTrend], str | None]:
    """Of each queue, and why there are none. What is so now is listed whatever comes of it."""
    import time

    from umbel.services.samples.queue_trends import trend_of

    now, trouble = time.time(), None
    depths: Mapping[str, Sequence[DepthPoint]] = {}
    if items:
        try:
            depths = source.queue_depths([each.name for each in items], now)
        except UmbelError as error:
            trouble = f"How full queues were is not known: {error}"
        else:
            trouble = None if any(depths.values()) else _NO_SAMPLES
    return [trend_of(depths.get(each.name, ()), each.ready, now) for each in items], trouble


def _shown(row: Mapping[str, Any]) -> dict[str, str]:
    cells = {name: "?" if row[name] is None else str(row[name]) for name in _COLUMNS}
    cells["workers"] = "?" if row["workers"] is None else ", ".join(row["workers"])
    return cells


@click.group(cls=Group, short_help="Look into a queue, or empty it.")
def queue() -> None:
    """Look into a queue, or empty it."""


@queue.command(short_help="Show the next messages, which stay.")
@click.argument("name")
@click.option("-n", "--limit", type=click.IntRange(1, 100), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@with_source
def peek(source: Source, name: str, limit: int, as_json: bool) -> int:
    """Show the next messages of the queue NAME, which stay where they are."""
    import msgspec

    rows = [msgspec.to_builtins(each) for each in source.messages(name, limit)]
    if as_json:
        for row in rows:
            printing.put_json(row)
    elif not printing.print_table(map(_message, rows), _MESSAGE):
        printing.say("No message waits.", err=True)
    return 0


def _message(row: Mapping[str, Any]) -> dict[str, str]:
    cells = {name: "" if row[name] is None else str(row[name]) for name in _MESSAGE}
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


@queue.command(short_help="Remove every message that waits.")
@click.argument("name")
@acting_options
@with_source
def purge(source: Source, name: str, options: RunOptions) -> int:
    """Remove every message that waits in the queue NAME; they cannot be had again."""
    return act(source, {"action": "purge", "queue": name}, options)
