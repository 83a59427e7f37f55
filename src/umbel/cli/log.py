"""`umbel log`: what a task logged, once or followed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import click

from umbel.cli import printing
from umbel.cli.source import with_source
from umbel.cli.tasks import beginning_so
from umbel.errors import ServerUnreachable, TaskUnknown

if TYPE_CHECKING:
    from umbel.python.sources import Source
    from umbel.services.search.task_log import LogEntries, LogEntry, LoggedRun, TaskLog

#: How often a followed log is asked for, seconds.
_AGAIN_S: Final = 1.0
#: How often after its end, since last lines come behind it.
_AFTER_END: Final = 3
#: So long a server may be away while its log is followed, seconds.
_AWAY_S: Final = 60.0
_LEVELS: Final = {10: "DEBUG", 20: "INFO", 30: "WARNING", 40: "ERROR", 50: "CRITICAL"}


@click.command(short_help="Show what a task logged.")
@click.argument("id")
@click.option("-f", "--follow", is_flag=True, help="Go on until the task has ended.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@with_source
def log(source: Source, id: str, follow: bool, as_json: bool) -> None:  # noqa: A002
    """Show the log lines of the task ID, run by run. Times are UTC.

    Workers send them where their application says so: docs/no-loss-on-redis.md. With --follow,
    lines are printed as they come.
    """
    from umbel.python.logs import log_pages, whole_log

    uuid = id if source.log(id, "", 1) is not None else beginning_so(source, id.rstrip("…"))
    printed = _Printed(as_json=as_json)
    whole = whole_log(source, uuid)
    if whole is None:
        raise TaskUnknown(f"Nothing is known of a task with the id {id}.", task_id=id)
    printed.put(whole)
    if follow:
        after, rounds, answered = whole.next, _AFTER_END, time.monotonic()
        while rounds:
            time.sleep(_AGAIN_S)
            try:
                rounds = rounds - 1 if _has_ended(source, uuid) else _AFTER_END
                for page in log_pages(source, uuid, after):
                    printed.put(page)
                    after = page.next
                answered = time.monotonic()
            except ServerUnreachable:  # it may be starting again
                if time.monotonic() - answered > _AWAY_S:
                    raise
    printed.end()


def _has_ended(source: Source, uuid: str) -> bool:
    from umbel.cluster.task import ENDED

    task = source.task(uuid)
    return task is None or task.state in ENDED


class _Printed:
    """Prints lines as they come, and at the end what is missing."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._run: tuple[int, float, str, int] | None = None
        self._runs: tuple[LoggedRun, ...] = ()
        self._are_sent = True

    def put(self, page: TaskLog) -> None:
        self._runs, self._are_sent = page.runs, page.are_sent
        for part in page.parts:
            for line in part.lines:
                if self._as_json:
                    printing.put_json(_row(part, line))
                else:
                    self._put_line(part, line)

    def _put_line(self, part: LogEntries, line: LogEntry) -> None:
        run = part.retries, part.started, part.worker, part.pid
        if run != self._run and (self._run is not None or len(self._runs) > 1):
            printing.say(
                f"-- Attempt {part.retries + 1}, {printing.clock(part.started)}, {part.worker} --"
            )
        self._run = run
        cut = f" [and {line.cut:,} characters]" if line.cut else ""
        head = f"{printing.clock(line.at)} {level_word(line.level):8} "
        first, *rest = line.text.split("\n")
        printing.say(f"{head}{first}{'' if rest else cut}")
        for number, each in enumerate(rest, 1):
            printing.say(f"  {each}{cut if number == len(rest) else ''}")

    def end(self) -> None:
        from umbel.services.phrases import number

        for run in self._runs:
            if run.left_out:
                printing.say(f"{number(run.left_out, 'line')} left out by the worker.", err=True)
            if run.missing:
                printing.say(
                    f"{number(run.missing, 'line')} missing: not heard, or too many.", err=True
                )
        if not self._runs:
            printing.say(_nothing(are_sent=self._are_sent), err=True)


def _nothing(*, are_sent: bool) -> str:
    if are_sent:
        return "No line of this task was sent."
    return "No worker sends log lines: docs/no-loss-on-redis.md says how they do."


def _row(part: LogEntries, line: LogEntry) -> dict[str, object]:
    return {
        "retries": part.retries, "started": part.started, "worker": part.worker, "pid": part.pid,
        "number": line.number, "at": line.at, "level": level_word(line.level),
        "logger": line.logger, "text": line.text, "cut": line.cut,
    }  # fmt: skip


def level_word(level: int) -> str:
    """The name of a level of `logging`; of another number that of the nearest below."""
    return next((_LEVELS[at] for at in sorted(_LEVELS, reverse=True) if level >= at), "DEBUG")
