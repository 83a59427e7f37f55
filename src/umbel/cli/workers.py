"""`umbel workers` (a list) and `umbel worker ACTION` (grow, shrink, consume, shut down, ...)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from umbel.cli import printing
from umbel.cli.groups import Group
from umbel.cli.listing import ListFormat, listing_options, print_rows
from umbel.cli.plan_and_run import RunOptions, act, acting_options
from umbel.cli.source import with_source
from umbel.cli.time_span import span_options
from umbel.services.phrases import number, span

if TYPE_CHECKING:
    from umbel.python.sources import Source
    from umbel.services.cluster.worker_list import ListedWorker

_COLUMNS: Final = (
    "hostname", "status", "running", "queues", "succeeded", "failed", "memory", "up", "restarts",
    "version",
)  # fmt: skip
_CSV_COLUMNS: Final = (
    "hostname", "status", "active", "processed", "loadavg", "heartbeat", "sw_ident", "sw_ver",
    "pool", "queues", "succeeded", "failed", "memory_bytes", "started", "restarts",
)  # fmt: skip
_TIMES: Final = ("heartbeat", "online", "offline", "started", "restarted")
#: What people say for an action, where it is not the action's own name.
_NAMES: Final = {"pool_grow": "grow", "pool_shrink": "shrink"}


@click.command(short_help="List workers, or in what they differ.")
@click.argument("what", type=click.Choice(["diff"]), required=False)
@span_options("1h")
@click.option(
    "--find", default="", metavar="TEXT", help="Only workers with this in their name or queues."
)
@listing_options
@with_source
def workers(
    source: Source,
    what: str | None,
    since: float | None,
    until: float | None,
    find: str,
    form: ListFormat,
) -> int:
    """List every worker known: whether it is online, what it runs, and how its tasks ended.

    How many succeeded and failed, and how often a worker began anew, is of the last hour, or of
    another time (--since). With diff: in what workers that are online differ (versions, pools,
    queues, settings, registered names), the odd one first; exits with 1 where any does.
    """
    if what is not None:
        from umbel.cli.workers_diff import print_diff

        return print_diff(source, find, form)
    import msgspec

    from umbel.cli.missed import print_missed

    found = source.workers(since, until)
    items = [each for each in found.items if _has(each, find.casefold())]
    rows = [msgspec.to_builtins(each) for each in items]
    columns = _CSV_COLUMNS if form.as_csv else _COLUMNS
    printed = print_rows(
        rows, columns, form, shown=lambda row: _shown(row, found.now), times=_TIMES
    )
    if form.as_json:
        return 0
    if not printed:
        printing.say("No worker is so." if found.items else "No worker is known.", err=True)
    elif not form.as_csv:
        printing.say(totals(items), err=True)
    if not found.complete:
        printing.say("Not the tasks of every worker were counted: ? is unknown.", err=True)
    print_missed(found.incomplete)
    return 0


def _has(worker: ListedWorker, text: str) -> bool:
    names = (worker.hostname, *(worker.queues or ()), *worker.paused_queues)
    return any(text in each.casefold() for each in names)


def totals(items: Sequence[ListedWorker]) -> str:
    """`3 workers: 2 online, 1 silent. 4 tasks run; 120 succeeded, 3 failed.`"""
    statuses = Counter(each.status for each in items)
    counted = ", ".join(f"{count:,} {status}" for status, count in sorted(statuses.items()))
    runs = sum(each.active or 0 for each in items if each.status == "online")
    ended = [sum(getattr(each, how) or 0 for each in items) for how in ("succeeded", "failed")]
    return (
        f"{number(len(items), 'worker')}: {counted}. {runs:,} running; {ended[0]:,} succeeded, "
        f"{ended[1]:,} failed."
    )


def _shown(row: Mapping[str, Any], now: float) -> dict[str, str]:
    # One that has ended runs nothing, whatever its last heartbeat said.
    active = 0 if row["status"] == "offline" else row["active"]
    return {
        "hostname": row["hostname"],
        "status": row["status"],
        "running": f"{_number(active)}/{_number(row['pool'])}",
        "queues": _queues(row["queues"], row["paused_queues"]),
        "succeeded": _number(row["succeeded"]),
        "failed": _number(row["failed"]),
        "memory": "?" if row["memory_bytes"] is None else f"{row['memory_bytes'] / 2**20:,.0f} MB",
        "up": "?" if row["started"] is None else span(now - row["started"]),
        "restarts": _number(row["restarts"]),
        "version": " ".join(filter(None, (row["sw_ident"], row["sw_ver"]))),
    }


def _queues(consumed: Sequence[str] | None, paused: Sequence[str]) -> str:
    """`celery, mail (paused)`."""
    # What it told may be older than the pause.
    shown = ["?"] if consumed is None else [each for each in consumed if each not in paused]
    return ", ".join([*shown, *(f"{each} (paused)" for each in paused)])


def _number(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"


@click.group(cls=Group, short_help="Act on workers.")
def worker() -> None:
    """Act on the workers NAME..., or with --all on all of them."""


def _action(action: str, help_: str, *parameters: click.Parameter) -> click.Command:
    """`umbel worker ACTION NAME...`: one command of the group."""

    @acting_options
    @with_source
    def run(
        source: Source, names: tuple[str, ...], everyone: bool, options: RunOptions, **given: Any
    ) -> int:
        if bool(names) == everyone:
            raise click.UsageError("Name workers, or say --all.")
        request = {name: value for name, value in given.items() if value is not None}
        return act(source, {"action": action, "workers": list(names), **request}, options)

    command = click.command(_NAMES.get(action, action.replace("_", "-")), help=help_)(run)
    command.params = [
        click.Argument(["names"], nargs=-1, metavar="[NAME]..."),
        *parameters,
        click.Option(["--all", "everyone"], is_flag=True, help="All workers."),
        *command.params,
    ]
    return command


def _number_option(name: str, help_: str, default: int | None = 1) -> click.Option:
    return click.Option(
        [f"--{name}"], type=click.IntRange(0), default=default, required=default is None,
        help=help_,
    )  # fmt: skip


def _queue() -> click.Option:
    return click.Option(["--queue"], required=True, help="The queue's name.")


for _each in (
    _action("ping", "Whether they answer."),
    _action("shutdown", "End them in order; nothing here starts them again."),
    _action("pool_restart", "Start their processes anew."),
    _action("pool_grow", "Add processes.", _number_option("n", "How many.")),
    _action("pool_shrink", "End processes.", _number_option("n", "How many.")),
    _action(
        "autoscale", "Let them have between so many processes.",
        _number_option("min", "At least.", None), _number_option("max", "At most.", None),
    ),
    _action("add_consumer", "Consume a queue.", _queue()),
    _action("cancel_consumer", "Consume a queue no longer.", _queue()),
    _action("enable_events", "Tell of their tasks."),
    _action("disable_events", "Tell of their tasks no longer."),
):  # fmt: skip
    worker.add_command(_each)
