"""`umbel names`: names of tasks with their numbers, and what changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from umbel.cli import printing
from umbel.cli.listing import ListFormat, limit_option, listing_options, print_rows
from umbel.cli.source import with_source
from umbel.cli.tasks import QueryCommand
from umbel.cli.time_span import span_options
from umbel.services.names.rows import AGAINST, NAME_ORDERS

if TYPE_CHECKING:
    from umbel.python.sources import Source
    from umbel.services.names.rows import NameList

_COLUMNS: Final = ("name", "count", "failed", "rate", "wait p95", "run p95", "changed")
_CSV_COLUMNS: Final = (
    "name", "count", "succeeded", "failed", "revoked", "failure_rate", "wait", "runtime", "changed",
    "change",
)  # fmt: skip


@click.command(cls=QueryCommand, short_help="List names of tasks with their numbers.")
@click.argument("query", nargs=-1)
@span_options("1h")
@click.option(
    "--sort", type=click.Choice(NAME_ORDERS), default="busiest", show_default=True,
    help="By tasks, p95 of runtime or wait, failures, what changed most, or name.",
)  # fmt: skip
@click.option(
    "--against", type=click.Choice(AGAINST), default="before", show_default=True,
    help="What is compared with: as long a time before, the same time yesterday or a week ago, or "
    "as long a time before the last deploy.",
)  # fmt: skip
@limit_option
@listing_options
@with_source
def names(
    source: Source,
    query: tuple[str, ...],
    since: float | None,
    until: float | None,
    sort: Any,
    against: Any,
    limit: int,
    form: ListFormat,
) -> int:
    """List the names of tasks that match QUERY: how many, how they fail, wait and run.

    What changed most is told against as long a time before, or another time (--against), where
    the history reaches it.
    """
    import msgspec

    from umbel.query.parse import parse

    found = source.names(
        parse(" ".join(query)), since=since, until=until, order=sort, against=against, limit=limit
    )
    rows = [msgspec.to_builtins(each) for each in found.items]
    columns = _CSV_COLUMNS if form.as_csv else _COLUMNS
    printed = print_rows(rows, columns, form, shown=_shown)
    if not form.as_json:
        _say_rest(found, printed)
    from umbel.cli.missed import print_missed

    print_missed(found.incomplete)
    return 0


def _say_rest(found: NameList, printed: int) -> None:
    if not printed:
        printing.say("No task that matches ran in this time.", err=True)
    if found.uncompared and found.against != "before":
        printing.say(found.uncompared, err=True)
    deploy = found.earlier.deploy if found.earlier else None
    if deploy is not None:
        printing.say(
            f"Compared with the time before: {deploy.title}, {printing.clock(deploy.at)}.", err=True
        )
    if found.bounded:
        printing.say("There are more names; those with the most tasks were looked at.", err=True)
    elif not found.complete:
        printing.say(
            "Time ran out: numbers may be too low. Try a shorter time (--since).", err=True
        )


def _shown(row: Mapping[str, Any]) -> dict[str, str]:
    return {
        "name": row["name"],
        "count": f"{row['count']:,}",
        "failed": f"{row['failed']:,}",
        "rate": _share(row["failure_rate"]),
        "wait p95": _p95(row["wait"]),
        "run p95": _p95(row["runtime"]),
        "changed": _change(row),
    }


def _change(row: Mapping[str, Any]) -> str:
    """`runtime 1.2 s to 4.8 s`."""
    changed, before = row["changed"], row["before"]
    if changed is None or before is None:
        return ""
    match changed:
        case "count":
            return f"tasks {before['count']:,} to {row['count']:,}"
        case "failures":
            return f"failures {_share(before['failure_rate'])} to {_share(row['failure_rate'])}"
        case _:
            return f"{changed} {_p95(before[changed])} to {_p95(row[changed])}"


def _share(part: float | None) -> str:
    return "" if part is None else f"{part:.1%}"


def _p95(durations: Mapping[str, Any] | None) -> str:
    return "" if durations is None else _duration(durations["p95"])


def _duration(seconds: float) -> str:
    """`82 ms`, `3.1 s`, `125 s`."""
    if seconds < 1:
        return f"{seconds * 1_000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:,.0f} s"
