"""`umbel errors`: failures grouped by their error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from umbel.cli import printing
from umbel.cli.listing import ListFormat, limit_option, listing_options, print_rows
from umbel.cli.source import with_source
from umbel.cli.tasks import QueryCommand
from umbel.cli.time_span import span_options

if TYPE_CHECKING:
    from umbel.python.sources import Source
    from umbel.services.errors.groups import ErrorGroups

_COLUMNS: Final = ("id", "count", "1h", "24h", "7d", "state", "last", "names", "error")
_CSV_COLUMNS: Final = (
    "id", "type", "message", "count", "state", "first", "last", "names", "workers",
)  # fmt: skip
_MATRIX: Final = {"1h": "h1", "24h": "h24", "7d": "d7"}


@click.command(cls=QueryCommand, short_help="List errors that tasks failed with.")
@click.argument("query", nargs=-1)
@span_options("24h")
@click.option(
    "--state", type=click.Choice(["open", "resolved", "ignored"]), default=None,
    help="Only those in this state.",
)  # fmt: skip
@limit_option
@listing_options
@with_source
def errors(
    source: Source,
    query: tuple[str, ...],
    since: float | None,
    until: float | None,
    state: Any,
    limit: int,
    form: ListFormat,
) -> int:
    """List the errors with which tasks that match QUERY failed, the most frequent first.

    Failures that are the same error are one line. Times are UTC. One error's tasks are found by
    umbel tasks error:ID.
    """
    import msgspec

    from umbel.query.parse import parse

    found = source.errors(
        parse(" ".join(query)), since=since, until=until, state=state, limit=limit
    )
    rows = [msgspec.to_builtins(each) for each in found.items]
    if form.as_csv:
        rows = [row | {"state": row["state"]["state"]} for row in rows]
    columns = _CSV_COLUMNS if form.as_csv else _COLUMNS
    printed = print_rows(rows, columns, form, shown=_shown, times=("first", "last"))
    if not form.as_json:
        _say_rest(found, printed)
    from umbel.cli.missed import print_missed

    print_missed(found.incomplete)
    return 0


def _say_rest(found: ErrorGroups, printed: int) -> None:
    if not printed and not found.others:
        printing.say("No task that matches failed in this time.", err=True)
    if found.others:
        printing.say(f"Failures of no error that was looked at: {found.others:,}.", err=True)
    if not found.counted:
        printing.say(
            "Time ran out before all failures were counted: counts are too low, and errors may be "
            "missing. A shorter time (--since) or a narrower search is counted whole.",
            err=True,
        )
    elif not found.complete:
        printing.say(
            "There are more errors, or not all of these was looked at in time. A shorter time "
            "(--since) or a narrower search is looked at whole.",
            err=True,
        )


def _shown(row: Mapping[str, Any]) -> dict[str, str]:
    counts = {
        column: "?" if row["matrix"][name] is None else f"{row['matrix'][name]:,}"
        for column, name in _MATRIX.items()
    }
    message = f"{row['type']}: {row['message']}" if row["message"] else row["type"]
    state = row["state"]
    return {
        "id": row["id"],
        "count": f"{row['count']:,}",
        **counts,
        "state": "reopened" if state["reopened"] is not None else state["state"],
        "last": printing.clock(row["last"]),
        "names": ", ".join(row["names"]),
        "error": message,
    }
