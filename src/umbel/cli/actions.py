"""`umbel revoke`, `terminate`, `abort`, `retry`, `rate-limit`, `time-limit`: acting on tasks.

Each makes a request for `plan_and_run`, which shows the plan, asks, and reports.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import click

from umbel.cli import printing
from umbel.cli.plan_and_run import RunOptions, act, acting_options, chosen
from umbel.cli.sending import parsed_args, parsed_kwargs
from umbel.cli.source import with_source
from umbel.cli.tasks import beginning_so

if TYPE_CHECKING:
    from umbel.python.sources import Source

F = TypeVar("F", bound=Callable[..., Any])

#: The beginning of an id as Celery makes them, also as tables cut it. An id of an application's
#: own is never taken for a beginning: `order-1` that nobody has seen yet is not `order-12`.
_BEGINNING: Final = re.compile(
    r"(?=[-0-9a-f]{4,35}…?$)[0-9a-f]{1,8}(-[0-9a-f]{0,4}){0,3}(-[0-9a-f]*)?…?"
)


def _of_tasks(command: F) -> F:
    """Which tasks: the function gets them as `tasks`, ready for the request."""

    @functools.wraps(command)
    def given(*args: Any, ids: tuple[str, ...], query: str | None, **others: Any) -> Any:
        return command(*args, tasks=chosen(ids, query), **others)

    query_option = click.option(
        "-q", "--query", default=None, help='Every task that matches; "" is every task.'
    )
    return cast(F, click.argument("ids", nargs=-1, metavar="[ID]...")(query_option(given)))


def _act(
    source: Source, tasks: Mapping[str, Any], request: Mapping[str, Any], options: RunOptions
) -> int:
    """Act on these tasks, of which each may be named by the beginning of its id."""
    if ids := tasks.get("ids"):
        tasks = {"ids": [_whole(source, given) for given in ids]}
    return act(source, {**request, **tasks}, options)


def _whole(source: Source, given: str) -> str:
    if _BEGINNING.fullmatch(given) is None or source.task(given) is not None:
        return given
    found = beginning_so(source, given.rstrip("…"))
    if found == given:
        return given
    printing.say(f"{given} is {found}.", err=True)
    return found


@click.command(short_help="Tell workers not to run tasks.")
@_of_tasks
@acting_options
@with_source
def revoke(source: Source, tasks: dict[str, Any], options: RunOptions) -> int:
    """Tell all workers not to run these tasks. What runs already goes on (see terminate).

    IDs come as arguments, or with - from standard input, one a line. The beginning of one will do
    if no other begins so.
    """
    return _act(source, tasks, {"action": "revoke"}, options)


@click.command(short_help="Revoke tasks and kill those that run.")
@_of_tasks
@click.option("--signal", default="SIGTERM", show_default=True, help="By this signal.")
@acting_options
@with_source
def terminate(source: Source, tasks: dict[str, Any], signal: str, options: RunOptions) -> int:
    """Revoke these tasks, and end the processes that run them."""
    return _act(source, tasks, {"action": "terminate", "signal": signal}, options)


@click.command(short_help="Ask abortable tasks to end themselves.")
@_of_tasks
@acting_options
@with_source
def abort(source: Source, tasks: dict[str, Any], options: RunOptions) -> int:
    """Mark these tasks as aborted in the result backend, where an AbortableTask looks."""
    return _act(source, tasks, {"action": "abort"}, options)


@click.command(short_help="Send tasks again.")
@_of_tasks
@click.option("--args", default=None, metavar="JSON", help="Other positional arguments.")
@click.option("--kwargs", default=None, metavar="JSON", help="Other keyword arguments.")
@click.option("--queue", default=None, help="To another queue.")
@click.option("--priority", type=click.IntRange(0, 255), default=None, help="Another priority.")
@click.option("--countdown", type=float, default=None, metavar="SECONDS", help="Not before.")
@click.option("--eta", type=float, default=None, metavar="UNIX", help="Not before this time.")
@click.option("--expires", type=float, default=None, metavar="SECONDS", help="Not after.")
@click.option("--again", is_flag=True, help="Also those of several that were sent again already.")
@acting_options
@with_source
def retry(
    source: Source, tasks: dict[str, Any], args: str | None, kwargs: str | None, again: bool,
    options: RunOptions, **edits: Any,
) -> int:  # fmt: skip
    """Send these tasks again, with the same arguments or those given here.

    Arguments come exact from the result backend or the queue, or from a whole repr; what was
    cut is not sent. Of several tasks, those that were sent again already are left out, unless
    --again says to send them once more.
    """
    edit = {name: value for name, value in edits.items() if value is not None}
    if args is not None:
        edit["args"] = parsed_args(args)
    if kwargs is not None:
        edit["kwargs"] = parsed_kwargs(kwargs)
    request = {"action": "retry", "edit": edit or None, "again": again}
    return _act(source, tasks, request, options)


@click.command(short_help="Limit how often tasks of a name begin.")
@click.argument("name")
@click.argument("rate")
@click.option("-w", "--worker", "workers", multiple=True, help="Only at this worker.")
@acting_options
@with_source
def rate_limit(
    source: Source, name: str, rate: str, workers: tuple[str, ...], options: RunOptions
) -> int:
    """Let workers begin no more tasks NAME than RATE, such as 10/m; 0 lifts the limit."""
    request = {"action": "rate_limit", "name": name, "rate": rate, "workers": list(workers)}
    return act(source, request, options)


@click.command(short_help="Limit how long tasks of a name run.")
@click.argument("name")
@click.option("--soft", type=float, default=None, metavar="SECONDS", help="Raise in the task.")
@click.option("--hard", type=float, default=None, metavar="SECONDS", help="End its process.")
@click.option("--none", "lift", is_flag=True, help="Lift both limits.")
@click.option("-w", "--worker", "workers", multiple=True, help="Only at this worker.")
@acting_options
@with_source
def time_limit(
    source: Source, name: str, soft: float | None, hard: float | None, *,
    lift: bool, workers: tuple[str, ...], options: RunOptions,
) -> int:  # fmt: skip
    """Set how long tasks NAME may run; a limit that is not given is lifted."""
    if lift == (soft is not None or hard is not None):
        raise click.UsageError("Give --soft, --hard or both, or --none to lift both limits.")
    request = {"action": "time_limit", "name": name, "soft": soft, "hard": hard}
    return act(source, {**request, "workers": list(workers)}, options)
