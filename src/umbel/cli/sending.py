"""`umbel apply` (run a task and wait for its result) and `umbel send` (send it, do not wait)."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import click

from umbel.cli import printing
from umbel.cli.source import with_source
from umbel.errors import TaskFailed, UmbelError

if TYPE_CHECKING:
    from umbel.python.answers import TaskAnswer
    from umbel.python.sources import Source

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS: Final = (
    "queue", "priority", "countdown", "eta", "expires", "task_id", "reason",
)  # fmt: skip


def parsed_args(text: str) -> list[Any]:
    """Positional arguments written as a JSON array."""
    value = _json("--args", text)
    if not isinstance(value, list):
        raise click.BadParameter("it must be a JSON array such as [4711].", param_hint="--args")
    return value


def parsed_kwargs(text: str) -> dict[str, Any]:
    """Keyword arguments written as a JSON object."""
    value = _json("--kwargs", text)
    if not isinstance(value, dict):
        raise click.BadParameter(
            'it must be a JSON object such as {"order_id": 4711}.', param_hint="--kwargs"
        )
    return value


def _json(option: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(f"it is no JSON: {error}.", param_hint=option) from None


@contextlib.contextmanager
def _usage() -> Iterator[None]:
    """What cannot be a task's option (`--expires -5`) is a mistake of the command."""
    try:
        yield
    except ValueError as error:
        if isinstance(error, UmbelError):
            raise
        raise click.UsageError(str(error)) from None


def _call_options(command: F) -> F:
    @functools.wraps(command)
    def given(*args: Any, positional: str, keywords: str, **others: Any) -> Any:
        request = {name: others.pop(name) for name in _OPTIONS}
        return command(
            *args,
            args=parsed_args(positional),
            kwargs=parsed_kwargs(keywords),
            options={name: value for name, value in request.items() if value is not None},
            **others,
        )

    found: Any = given
    for decorate in (
        click.option("--json", "as_json", is_flag=True, help="The answer as JSON."),
        click.option("--reason", default=None, help="Your own words for the audit."),
        click.option("--id", "task_id", default=None, help="Its id, instead of a new one."),
        click.option("--expires", type=float, metavar="SECONDS", help="Not after."),
        click.option("--eta", type=float, metavar="UNIX", help="Not before this time."),
        click.option("--countdown", type=float, metavar="SECONDS", help="Not before."),
        click.option("--priority", type=click.IntRange(0, 255), help="Its priority."),
        click.option("--queue", default=None, help="To this queue."),
        click.option("--kwargs", "keywords", default="{}", metavar="JSON", help="An object."),
        click.option("--args", "positional", default="[]", metavar="JSON", help="An array."),
        click.argument("name"),
    ):
        found = decorate(found)
    return cast(F, found)


@click.command(short_help="Run a task and wait for its result.")
@_call_options
@click.option("--timeout", type=float, default=None, metavar="SECONDS", help="Wait so long.")
@with_source
def apply(
    source: Source, name: str, args: list[Any], kwargs: dict[str, Any], options: dict[str, Any],
    timeout: float | None, as_json: bool,
) -> int:  # fmt: skip
    """Run the task NAME, which a worker must know, and print its result as JSON. With --json, a
    task that failed is printed, too, with its exception and traceback."""
    from umbel.python.running import apply_on

    try:
        with _usage():
            answer = apply_on(source, name, args, kwargs, timeout, **options)
    except TaskFailed as failed:
        if as_json:
            printing.put_json(_failure(failed))
        raise
    with printing.telling(f"The task ran; its id is {answer['task_id']}."):
        printing.put_json(answer if as_json else answer["result"])
    return 0


def _failure(failed: TaskFailed) -> dict[str, Any]:
    """As the answer of one that succeeded."""
    return {
        "task_id": failed.task_id, "state": failed.state, "result": None, "success": False,
        "exception": failed.exception, "traceback": failed.traceback,
    }  # fmt: skip


@click.command(short_help="Send a task and do not wait.")
@_call_options
@click.option("--check", is_flag=True, help="Refuse a name that no worker knows.")
@with_source
def send(
    source: Source, name: str, args: list[Any], kwargs: dict[str, Any], options: dict[str, Any],
    check: bool, as_json: bool,
) -> int:  # fmt: skip
    """Send the task NAME and print its id."""
    from umbel.python.running import send_on

    with _usage():
        answer: TaskAnswer = send_on(source, name, args, kwargs, check=check, **options)
    with printing.telling(f"The task was sent; its id is {answer['task_id']}."):
        if as_json:
            printing.put_json(answer)
        else:
            printing.say(answer["task_id"])
    return 0
