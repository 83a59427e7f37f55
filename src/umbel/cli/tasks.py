"""`umbel tasks` (a search, once or followed) and `umbel task` (all that is known of one)."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import click

from umbel.cli import printing
from umbel.cli.source import with_source
from umbel.csv_lines import iso
from umbel.errors import TaskUnknown
from umbel.query.orders import ORDERS

if TYPE_CHECKING:
    from umbel.cli.missed import MissedReport
    from umbel.cluster.task import Task
    from umbel.python.sources import Source
    from umbel.query.ast import Node

_COLUMNS: Final = "received,state,runtime,name,worker,uuid"
#: What a sheet of tasks has besides: who exports wants to know what failed, and with what.
_CSV_COLUMNS: Final = f"{_COLUMNS},args,kwargs,result,exception"
#: Less of an id is no beginning that anybody means.
_BEGINNING_MIN: Final = 4


class QueryCommand(click.Command):
    """Takes `-state:SUCCESS` for a search term, which click would read as the option `-s`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        from umbel.query.fields import FIELD_NAMES

        excluding = tuple(f"-{name}:" for name in FIELD_NAMES)
        # To click, what begins with a space is no option; to the search it is the same.
        words = [f" {word}" if word.startswith(excluding) else word for word in args]
        return super().parse_args(ctx, words)


def _query(_context: click.Context, _parameter: click.Parameter, words: tuple[str, ...]) -> str:
    return " ".join(words)


@click.command(cls=QueryCommand, short_help="List tasks that match a search.")
@click.argument("query", nargs=-1, callback=_query)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated, with a header.")
@click.option(
    "--unguarded", is_flag=True,
    help="With --csv: leave texts that a spreadsheet would run as a formula as they are.",
)  # fmt: skip
@click.option("-f", "--follow", is_flag=True, help="Go on with tasks as they change.")
@click.option(
    "-n", "--limit", type=click.IntRange(0), default=50, show_default=True,
    help="How many at most; 0 is all.",
)  # fmt: skip
@click.option(
    "-o", "--order", default=None,
    help=f"Sort by {', '.join(ORDERS)}; - before it is descending. Unless given, tasks of which "
    "something was heard last come first; with --limit 0, those that were seen last, since "
    "then nothing moves while all are read.",
)  # fmt: skip
@click.option("-c", "--columns", default=None, help="Which columns, with commas between, or all.")
@click.option(
    "--saved", default=None, metavar="NAME",
    help="A saved search (umbel searches list); QUERY narrows it.",
)  # fmt: skip
@with_source
def tasks(
    source: Source,
    query: str,
    saved: str | None,
    as_json: bool,
    as_csv: bool,
    unguarded: bool,
    follow: bool,
    limit: int,
    order: str | None,
    columns: str | None,
) -> None:
    """List the tasks that match QUERY, last changed first; without one, all. Times are UTC.

    The query language is that of the search box:

        umbel tasks 'state:FAILURE name:shop.* received:-2h..'
    """
    if as_json and as_csv:
        raise click.UsageError("Either --json or --csv.")
    if unguarded and not as_csv:
        raise click.UsageError("--unguarded means nothing without --csv.")
    chosen = _chosen(columns or (_CSV_COLUMNS if as_csv else _COLUMNS))
    from umbel.cli.missed import MissedReport

    node, saved_order = _wanted(source, query, saved)
    order = order or saved_order or ("-changed" if limit else "-seen")
    missed = MissedReport()
    found = _found(source, node, order, limit, missed, follow=follow)
    if as_json:
        for task in found:
            row = _row(task)
            cells = {name: row[name] for name in chosen} if columns else row
            printing.put_json(cells)
    elif as_csv:
        printing.print_csv(map(_csv_row, found), chosen, guarded=not unguarded)
    else:
        _table(found, chosen, follow=follow)
    missed.print_warning()


@click.command(short_help="Show one task.")
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@with_source
def task(source: Source, id: str, as_json: bool) -> None:  # noqa: A002
    """Show everything that is known of the task ID. Times are UTC.

    The beginning of an id will do if no other begins so, also as tables cut it.
    """
    import msgspec

    found = source.whole(id) or source.whole(beginning_so(source, id.rstrip("…")))
    if found is None:
        raise TaskUnknown(f"Nothing is known of a task with the id {id}.", task_id=id)
    everything = {**msgspec.to_builtins(found), "children": source.children(found)}
    if as_json:
        printing.put_json(everything)
    else:
        _describe(everything)


def beginning_so(source: Source, beginning: str) -> str:
    """The id that begins so, if it is the only one."""
    from umbel.query.ast import Comparison, Matches
    from umbel.store.base import Order

    if len(beginning) < _BEGINNING_MIN or "*" in beginning:
        return beginning
    alike = Matches("uuid", Comparison.GLOB, (f"{beginning}*",))
    found = source.page(alike, Order("seen", descending=True), None, 2).items
    if len(found) > 1:
        raise TaskUnknown(
            f"The ids of several tasks begin with {beginning}.",
            remedy="Write more of it; umbel tasks --columns uuid prints whole ids in a pipe.",
        )
    return found[0].uuid if found else beginning


def _chosen(columns: str) -> list[str]:
    from umbel.cluster.task import TaskSummary

    names = list(TaskSummary.__struct_fields__)
    chosen = [name.strip() for name in columns.split(",") if name.strip()]
    if chosen == ["all"]:
        return names
    if not chosen:
        raise click.BadParameter("it names no column.", param_hint="--columns")
    for name in chosen:
        if name not in names:
            from umbel.settings import unknown_name

            raise unknown_name("column", name, names, listed=f"There are {', '.join(names)}.")
    return chosen


def _wanted(source: Source, query: str, saved: str | None) -> tuple[Node, str | None]:
    """What is searched for: a saved search and what is typed. With the order of the saved one, if
    somebody chose it."""
    from umbel.query.ast import And
    from umbel.query.parse import parse

    typed = parse(query)
    if saved is None:
        return typed, None
    from umbel.services.search.saved_searches import USUAL_ORDER, named
    from umbel.services.time_zones import zone_of

    search = named(source.searches(), saved)
    kept = parse(search.q, zone_of(search.tz))
    node = And((kept, typed)) if query.strip() else kept
    return node, None if search.order == USUAL_ORDER else search.order


def _found(
    source: Source, node: Node, order: str, limit: int, missed: MissedReport, *, follow: bool
) -> Iterator[Task]:
    from itertools import islice

    from umbel.python.tasks import pages
    from umbel.store.base import Order

    field = order.removeprefix("-")
    if field not in ORDERS:
        raise click.BadParameter(
            f"{order!r} is none of {', '.join(ORDERS)}, with - before it for descending.",
            param_hint="--order",
        )
    by = Order(field, order.startswith("-"))
    most = limit or None
    if not follow:
        return islice(pages(source, node, by, most, missed.note_page), most)

    def following() -> Iterator[Task]:
        seq = source.page(node, by, None, 1).seq
        yield from reversed(list(islice(pages(source, node, by, most or 1_000), most or 1_000)))
        yield from source.follow(node, seq)

    return following()


def _table(found: Iterable[Task], columns: list[str], *, follow: bool) -> None:
    rows = ({name: _shown(name, value) for name, value in _row(task).items()} for task in found)
    if follow:
        for row in rows:
            printing.print_table([row], columns, header=False)
            sys.stdout.flush()
    elif not printing.print_table(rows, columns):
        printing.say("No task matches.", err=True)


def _row(task: Task) -> dict[str, Any]:
    from umbel.cluster.task import TaskSummary

    row = {name: getattr(task, name) for name in TaskSummary.__struct_fields__}
    return row | {"flags": list(task.flags)}


def _csv_row(task: Task) -> dict[str, Any]:
    row = _row(task)
    row |= {name: iso(row[name]) for name in _times() & row.keys()}
    return row | {"flags": " ".join(row["flags"])}


def _shown(name: str, value: object) -> str:
    if value is None:
        return ""
    if name in _times() and isinstance(value, int | float):
        return printing.clock(value)
    if isinstance(value, float):
        return f"{value:.3f}s"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)


@cache
def _times() -> frozenset[str]:
    """Names under which a task or an attempt has a time (Unix seconds)."""
    from umbel.query.fields import FIELDS, Kind

    times = [field for field in FIELDS.values() if field.kind is Kind.TIME]
    return frozenset({"changed", *(name for each in times for name in (each.name, *each.aliases))})


#: What is told in lines of its own, or by others.
_APART: Final = frozenset({"attempts", "fact_count", "notes", "reconciled", "traceback"})


def _describe(everything: Mapping[str, Any]) -> None:
    for name, value in everything.items():
        if (not value and value != 0) or name in _APART:
            continue
        if name == "intent":
            request = f"{value['kind']} by {value['actor']} at {printing.clock(value['at'])}"
            printing.say(f"{'request':<12} {printing.clean(request)}")
        else:
            printing.say(f"{name:<12} {printing.clean(_shown(name, value))}")
    for attempt in everything["attempts"]:
        cells = {name: value for name, value in attempt.items() if value and name != "number"}
        parts = [f"{name} {_shown_in(name, value)}" for name, value in cells.items()]
        printing.say(f"attempt {attempt['number']}    {printing.clean(', '.join(parts))}")
    for fact in everything.get("reconciled", ()):  # an older server has none
        if fact["holds"]:
            why = f", {fact['why']}" if fact["why"] else ""
            source = ", ".join(fact["sources"]) or fact["source"]
            printing.say(
                f"not heard    {fact['kind']}{why}: asked {source} at {printing.clock(fact['at'])}"
            )
    if everything["traceback"]:
        printing.say(str(everything["traceback"]).rstrip())


def _shown_in(name: str, value: object) -> str:
    if name == "traceback":
        return "below"
    return _shown(name, value)
