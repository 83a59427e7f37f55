"""`umbel workers` (a list) and `umbel worker ACTION` (grow, shrink, consume, shut down, ...)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from umbel.cli import printing
from umbel.cli.groups import Group
from umbel.cli.listing import ListFormat, listing_options, print_rows
from umbel.cli.plan_and_run import RunOptions, act, acting_options
from umbel.cli.source import with_source

if TYPE_CHECKING:
    from umbel.python.sources import Source

_COLUMNS: Final = (
    "hostname", "status", "active", "processed", "loadavg", "heartbeat", "sw_ident", "sw_ver",
)  # fmt: skip
_TIMES: Final = ("heartbeat", "online", "offline")
#: What people say for an action, where it is not the action's own name.
_NAMES: Final = {"pool_grow": "grow", "pool_shrink": "shrink"}


@click.command(short_help="List workers.")
@listing_options
@with_source
def workers(source: Source, form: ListFormat) -> int:
    """List every worker known: online, silent or offline."""
    import msgspec

    rows = [msgspec.to_builtins(each) for each in source.workers()]
    if not print_rows(rows, _COLUMNS, form, shown=_shown, times=_TIMES) and not form.as_json:
        printing.say("No worker is known.", err=True)
    return 0


def _shown(row: Mapping[str, Any]) -> dict[str, str]:
    cells = {name: "" if row[name] is None else str(row[name]) for name in _COLUMNS}
    loads: Iterable[float] = row["loadavg"] or ()
    cells["loadavg"] = " ".join(f"{load:.2f}" for load in loads)
    cells["heartbeat"] = printing.clock(row["heartbeat"])
    return cells


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


def _number(name: str, help_: str, default: int | None = 1) -> click.Option:
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
    _action("pool_grow", "Add processes.", _number("n", "How many.")),
    _action("pool_shrink", "End processes.", _number("n", "How many.")),
    _action(
        "autoscale", "Let them have between so many processes.",
        _number("min", "At least.", None), _number("max", "At most.", None),
    ),
    _action("add_consumer", "Consume a queue.", _queue()),
    _action("cancel_consumer", "Consume a queue no longer.", _queue()),
    _action("enable_events", "Tell of their tasks."),
    _action("disable_events", "Tell of their tasks no longer."),
):  # fmt: skip
    worker.add_command(_each)
