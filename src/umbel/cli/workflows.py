"""`umbel workflows` and `umbel workflow`: which there are, how far each is, and what is blocked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from umbel.cli import printing
from umbel.cli.listing import ListFormat, limit_option, listing_options, print_rows
from umbel.cli.source import with_source
from umbel.cli.tasks import QueryCommand, beginning_so
from umbel.errors import TaskUnknown
from umbel.services.pauses.words import paused_in_words
from umbel.services.workflows.rows import WORKFLOW_FILTERS, WORKFLOW_ORDERS

if TYPE_CHECKING:
    from umbel.python.sources import Source
    from umbel.services.workflows.rows import WorkflowDetail, WorkflowList, WorkflowPause

_COLUMNS: Final = ("id", "name", "state", "ended", "blocked", "began", "took", "failing")
_CSV_COLUMNS: Final = (
    "root_id", "name", "state", "tasks", "ended", "expected", "blocked", "failing", "start", "end",
    "duration_s", "paused",
)  # fmt: skip


@click.command(cls=QueryCommand, short_help="List workflows: how far, what failed.")
@click.argument("query", nargs=-1)
@click.option(
    "--state", type=click.Choice(WORKFLOW_FILTERS), default=None,
    help="Only those that run, have failures, have tasks that will not run or that wait in a "
    "paused queue, or succeeded.",
)  # fmt: skip
@click.option(
    "--sort", type=click.Choice(WORKFLOW_ORDERS), default="newest", show_default=True,
    help="By when they began, or of the 1,000 newest by duration, tasks or failures.",
)  # fmt: skip
@limit_option
@listing_options
@with_source
def workflows(
    source: Source,
    query: tuple[str, ...],
    state: Any,
    sort: Any,
    limit: int,
    form: ListFormat,
) -> int:
    """List workflows of which some task matches QUERY, those that began last first."""
    import msgspec

    from umbel.query.parse import parse

    found = source.workflows(
        parse(" ".join(query)), state=state, order=sort, cursor=None, limit=limit
    )
    rows = [msgspec.to_builtins(each) for each in found.items]
    columns = _CSV_COLUMNS if form.as_csv else _COLUMNS
    printed = print_rows(rows, columns, form, shown=_shown, times=("start", "end"))
    if not form.as_json:
        _print_rest(found, printed)
    return 0


def _print_rest(found: WorkflowList, printed: int) -> None:
    if not found.complete:
        printing.say(
            f"Time ran out: {found.looked_at:,} workflows were looked at, there may be more.",
            err=True,
        )
    elif not printed:
        printing.say("No workflow matches.", err=True)
    if found.bounded:
        printing.say(f"The {found.looked_at:,} newest workflows were looked at.", err=True)


@click.command(short_help="One workflow: its tasks, and what is blocked.")
@click.argument("workflow_id", metavar="ID")
@click.option(
    "--events-only", is_flag=True,
    help="Leave the result backend and waiting messages unread.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="All of it, as one JSON object.")
@with_source
def workflow(source: Source, workflow_id: str, events_only: bool, as_json: bool) -> int:
    """Show the tasks of one workflow, by the id of its first task or of its group.

    The beginning of a task's id will do if no other begins so, also as tables cut it.
    """
    import msgspec

    try:
        found = source.workflow(workflow_id, sources=not events_only)
    except TaskUnknown:
        whole = beginning_so(source, workflow_id.rstrip("…"))
        if whole == workflow_id:
            raise
        found = source.workflow(whole, sources=not events_only)
    if as_json:
        printing.put_json(msgspec.to_builtins(found))
        return 0
    _print_tasks(found)
    return 0


def _print_tasks(found: WorkflowDetail) -> None:
    """A line a task, then what was not sent, and the critical path in a sentence."""
    on_path = {step.uuid: step.share for step in found.path.steps}
    rows = [
        {
            "task": task.uuid,
            "name": task.name or "",
            "state": task.state,
            "began": printing.clock(task.sent or task.seen),
            "ran": "" if task.runtime is None else _seconds(task.runtime),
            "critical": f"{on_path[task.uuid]:.0%}" if task.uuid in on_path else "",
        }
        for task in found.tasks
    ]
    rows += [
        {"task": each.uuid, "name": each.name or "", "state": each.state} for each in found.expected
    ]
    columns = ("task", "name", "state", "began", "ran", "critical")
    printing.print_table(({**dict.fromkeys(columns, ""), **row} for row in rows), columns)
    row = found.workflow
    for pause in row.paused:
        printing.say(_pause_sentence(pause), err=True)
    printing.say(f"{row.state}: {row.ended:,} of {row.tasks:,} tasks have ended.", err=True)
    if not row.has_canvas:
        printing.say(
            "Nobody told of groups, chords or chains: what else was to come is not known.",
            err=True,
        )
    _print_sources(found)


def _pause_sentence(pause: WorkflowPause) -> str:
    waits = "1 task waits" if pause.tasks == 1 else f"{pause.tasks:,} tasks wait"
    words = paused_in_words(pause.by, pause.since, pause.reason)
    return f"{waits} in the queue {pause.queue}, which is {words}."


def _print_sources(found: WorkflowDetail) -> None:
    """How far chords are that wait, and which source could not be read."""
    for group in found.groups:
        if group.size is not None:
            printing.say(
                f"Chord of group {group.group_id}: {group.returned or 0:,} of {group.size:,} parts "
                "have returned.",
                err=True,
            )
    if found.sources is None:
        return
    for reading in (found.sources.results, found.sources.messages):
        if reading.why is not None and (reading.state == "failed" or not found.workflow.has_canvas):
            printing.say(reading.why, err=True)


def _shown(row: Mapping[str, Any]) -> dict[str, str]:
    failing = row["failing"]
    return {
        "id": row["root_id"],
        "name": row["name"] or "",
        "state": row["state"],
        "ended": f"{row['ended']:,} of {row['tasks']:,}",
        "blocked": ", ".join(_blocked(row)),
        "began": printing.clock(row["start"]),
        "took": _seconds(row["duration_s"]),
        "failing": "" if failing is None else failing["name"] or failing["uuid"],
    }


def _blocked(row: Mapping[str, Any]) -> Iterator[str]:
    """How many will not run, and the paused queues in which some wait."""
    if row["blocked"] or (row["has_canvas"] and not row["paused"]):
        yield f"{row['blocked']:,}"
    for pause in row["paused"]:
        yield f"{pause['tasks']:,} in paused {pause['queue']}"


def _seconds(seconds: float) -> str:
    return f"{seconds * 1_000:.0f} ms" if seconds < 1 else f"{seconds:,.1f} s"
