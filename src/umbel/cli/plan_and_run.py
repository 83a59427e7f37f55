"""One action from the command line: its plan is shown, confirmed, carried out and reported.

All acting commands end here; options such as `--yes`, `--dry-run` and `--json` are declared once.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import click

from umbel.cli import codes, printing

if TYPE_CHECKING:
    from umbel.python.sources import Source
    from umbel.services.control.types import ActionPlan, ActionReport

F = TypeVar("F", bound=Callable[..., Any])

#: Actions that change nothing, and so ask nothing.
_UNCONFIRMED: Final = frozenset({"ping"})
#: How often the progress of a long action is looked at, seconds.
_POLL_S: Final = 0.3


def acting_options(command: F) -> F:
    """The options of every command that acts; the function gets them as `options`."""

    @functools.wraps(command)
    def given(*args: Any, yes: bool, dry_run: bool, as_json: bool, reason: str | None,
              **others: Any) -> Any:  # fmt: skip
        return command(*args, options=RunOptions(yes, dry_run, as_json, reason), **others)

    found: Any = given
    for names, help_ in (
        (("--json", "as_json"), "Print the plan, or the report, as JSON."),
        (("-n", "--dry-run", "dry_run"), "Show the plan and do nothing."),
        (("-y", "--yes", "yes"), "Do not ask."),
    ):
        found = click.option(*names, is_flag=True, help=help_)(found)
    reason = click.option("--reason", default=None, help="Your own words for the audit.")
    return cast(F, reason(found))


class RunOptions:
    """How to run an action: without questions, only its plan, as JSON, for which reason."""

    def __init__(self, yes: bool, dry_run: bool, as_json: bool, reason: str | None) -> None:
        self.yes = yes
        self.dry_run = dry_run
        self.as_json = as_json
        self.reason = reason


def chosen(ids: tuple[str, ...], query: str | None) -> dict[str, Any]:
    """Tasks as an action's request names them: ids, or a search, or ids from standard input
    (`-`), one a line."""
    if bool(ids) == (query is not None):
        raise click.UsageError("Name tasks by their ids, or choose them with --query.")
    if query is not None:
        return {"q": query}
    if ids == ("-",):
        ids = tuple(line.strip() for line in sys.stdin if line.strip())
        if not ids:
            raise click.UsageError("Standard input names no task.")
    return {"ids": list(ids)}


def act(source: Source, request: Mapping[str, Any], options: RunOptions) -> int:
    """Plan, ask, execute, report; the exit code."""
    import msgspec

    from umbel.services.control.types import ActionRequest

    try:
        action_request = msgspec.convert({**request, "reason": options.reason}, ActionRequest)
    except msgspec.ValidationError as error:
        raise click.UsageError(f"{error}.") from None
    plan = source.plan(action_request)
    if options.dry_run or plan.impossible is not None:
        _show_plan(plan, options)
        return codes.REFUSED if plan.impossible is not None else codes.DONE
    if not options.yes and action_request.action not in _UNCONFIRMED:
        _show_plan(plan, options, err=True)
        if not _confirmed(plan):
            printing.say("Nothing was done.", err=True)
            return codes.REFUSED
    report = source.execute(plan.id, plan.confirm)
    with printing.telling(f"The action ({plan.request.action}) was begun and may be done."):
        report = _ended(source, plan, report)
        if options.as_json:
            printing.put_json(msgspec.to_builtins(report))
        else:
            _show_report(report)
    return exit_code(report)


def exit_code(report: ActionReport) -> int:
    """What a script is told of a report."""
    from umbel.services.control.bounds import is_refusal

    outcomes = {worker.outcome for worker in report.workers}
    if outcomes == {"refused"}:
        return codes.REFUSED
    if outcomes == {"gone"}:
        return codes.FAILED
    if report.state == "cancelled":
        return codes.PARTLY if report.done else codes.REFUSED
    if report.state != "done" and not outcomes:
        return codes.PARTLY if report.done > report.failed else codes.FAILED
    is_partly_refused = any(map(is_refusal, report.left_out))
    is_partly_done = report.failed or outcomes - {"ok"} or is_partly_refused
    return codes.PARTLY if is_partly_done else codes.DONE


def _confirmed(plan: ActionPlan) -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError("There is nobody to ask; add --yes, or --dry-run to only look.")
    if plan.confirm is None:
        return click.confirm("Do it?", default=False, err=True)
    line: str = click.prompt(
        f"This is a lot. Type {plan.confirm} to do it", default="", show_default=False, err=True
    )
    return line.replace(",", "").strip() == str(plan.confirm)


def _ended(source: Source, plan: ActionPlan, report: ActionReport) -> ActionReport:
    """The report at the end, with a bar for people until then; Ctrl-C ends the action too."""
    if report.state != "running":
        return report
    try:
        if not sys.stderr.isatty():
            return _watched(source, plan, lambda _: None)
        with click.progressbar(
            length=max(report.total, 1), label=plan.request.action, file=sys.stderr
        ) as bar:
            return _watched(source, plan, lambda done: bar.update(done - bar.pos))
    except KeyboardInterrupt:
        source.cancel(plan.id)
        raise


def _watched(source: Source, plan: ActionPlan, show: Callable[[int], None]) -> ActionReport:
    while (report := source.wait(plan.id, _POLL_S)).state == "running":
        show(report.done)
    show(report.done)
    return report


def _show_plan(plan: ActionPlan, options: RunOptions, *, err: bool = False) -> None:
    if options.as_json and not err:
        import msgspec

        printing.put_json(msgspec.to_builtins(plan))
        return
    printing.say(plan.sentence, err=err)
    for sentence, count in plan.skipped.items():
        printing.say(f"  left out, {count:,}: {sentence}", err=err)
    for kind, count in plan.fidelity.items():
        printing.say(f"  arguments {kind}: {count:,}", err=err)
    for task in plan.sample:
        why = f"  ({task.why})" if task.why else ""
        printing.say(f"  {task.uuid}  {task.state or '?'}  {task.name or ''}{why}", err=err)
    for sentence in plan.consequences:
        printing.say(f"! {sentence}", err=err)
    if plan.impossible is not None:
        printing.say(plan.impossible, err=True)


def _show_report(report: ActionReport) -> None:
    printing.say(report.sentence)
    for worker in report.workers:
        words = f": {worker.answer}" if worker.answer else ""
        printing.say(f"  {worker.worker} {worker.outcome}{words}")
    answers = {worker.answer for worker in report.workers}
    for sentence, count in report.failures.items():
        if sentence not in answers:
            printing.say(f"  {count:,} x {sentence}", err=True)
    for sentence, count in report.left_out.items():
        printing.say(f"  left out, {count:,}: {sentence}", err=True)
    for sentence in report.notes:
        if sentence not in report.sentence:
            printing.say(f"! {sentence}", err=True)
    for repeated, sent in report.sent.items():
        printing.say(f"  {repeated} -> {sent}")
