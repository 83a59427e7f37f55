"""Runs of an entry: which tasks are its own, and what of them its judgement needs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from umbel.beat.base import Entry
from umbel.cluster.task import ENDED, RECEIVED, REVOKED, TaskSummary
from umbel.redact.rules import Redactor
from umbel.services.control.repr_literals import REPR_MAX, celerys_repr


class EntryRun(msgspec.Struct, frozen=True, kw_only=True):
    """A task that an entry may have sent. `at` is when it was sent, or first seen where nobody told
    that (`is_sent`). `client` is the process that sent it, `taken_by` the worker that received it
    and has not given it back; `by_hand`: somebody sent it from Umbel."""

    uuid: str
    at: float
    is_sent: bool
    state: str
    started: float | None = None
    finished: float | None = None
    runtime: float | None = None
    queue: str | None = None
    client: str | None = None
    taken_by: str | None = None
    by_hand: bool = False
    expired: bool = False
    args: str | None = None
    kwargs: str | None = None

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED


def run_of(task: TaskSummary) -> EntryRun:
    """What of a task matters here."""
    return EntryRun(
        uuid=task.uuid,
        at=task.seen if task.sent is None else min(task.sent, task.seen),
        is_sent=task.sent is not None,
        state=task.state,
        started=task.started,
        finished=task.finished,
        runtime=task.runtime,
        queue=task.queue,
        client=task.client,
        taken_by=task.worker if task.state == RECEIVED else None,
        expired="expired" in task.flags or (task.state == REVOKED and task.started is None),
        args=task.args,
        kwargs=task.kwargs,
    )


class ArgumentTexts(msgspec.Struct, frozen=True):
    """How events may tell the arguments of an entry."""

    args: frozenset[str]
    kwargs: frozenset[str]

    def fit(self, run: EntryRun) -> bool:
        """Whether a run may have these arguments: it has, or nothing is told of them."""
        return (run.args is None or run.args in self.args) and (
            run.kwargs is None or run.kwargs in self.kwargs
        )


def argument_texts(entry: Entry, redactor: Redactor) -> ArgumentTexts:
    """As Celery writes them (`argsrepr`), without what is hidden before it is stored."""
    name = (entry.task,)
    args = [entry.args, list(entry.args)]
    texts = {celerys_repr(each, REPR_MAX) for each in args}
    kwargs = {celerys_repr(entry.kwargs, REPR_MAX)}
    return ArgumentTexts(
        frozenset({*texts, *(redactor.args_text(name, each) for each in texts)}),
        frozenset({*kwargs, *(redactor.kwargs_text(name, each) for each in kwargs)}),
    )


def divided(
    entries: Sequence[Entry], runs: Sequence[EntryRun], redactor: Redactor
) -> tuple[Mapping[str, Sequence[EntryRun]], frozenset[str]]:
    """The runs of one task by the name of the entry, where several entries send it; and the names
    of those that cannot be told apart, which have all runs of each other."""
    if len(entries) == 1:
        return {entries[0].name: _own(entries[0], runs, redactor)}, frozenset()
    texts = {each.name: argument_texts(each, redactor) for each in entries}
    found = {
        each.name: [run for run in runs if texts[each.name].fit(run) and _fits_queue(each, run)]
        for each in entries
    }
    kinds: dict[tuple[ArgumentTexts, str | None], list[str]] = {}
    for each in entries:
        kinds.setdefault((texts[each.name], each.queue), []).append(each.name)
    alike = (names for names in kinds.values() if len(names) > 1)
    return found, frozenset(name for names in alike for name in names)


def _own(entry: Entry, runs: Sequence[EntryRun], redactor: Redactor) -> Sequence[EntryRun]:
    """Those with the arguments of the only entry that sends this task. If there are none, its
    arguments are told otherwise than Celery writes them, and all may be its own."""
    texts = argument_texts(entry, redactor)
    fitting = [run for run in runs if texts.fit(run)]
    return fitting or runs


def _fits_queue(entry: Entry, run: EntryRun) -> bool:
    return entry.queue is None or run.queue is None or entry.queue == run.queue


def senders(groups: Iterable[tuple[Sequence[float], Sequence[EntryRun], float]]) -> frozenset[str]:
    """Clients that are no beat: of at least three tasks that they sent, fewer than half went out
    when an entry was due. Each group is the sorted times at which an entry is due, its runs, and by
    how much they may be late."""
    near: dict[str, set[str]] = {}
    total: dict[str, set[str]] = {}
    for due, runs, tolerance_s in groups:
        for run in runs:
            if run.client is not None and not run.by_hand:
                total.setdefault(run.client, set()).add(run.uuid)
                if _is_near(due, run.at, tolerance_s):
                    near.setdefault(run.client, set()).add(run.uuid)
    return frozenset(
        client
        for client, sent in total.items()
        if len(sent) >= 3 and len(near.get(client, ())) * 2 < len(sent)
    )


def _is_near(due: Sequence[float], at: float, tolerance_s: float) -> bool:
    index = bisect_right(due, at + 1.0)
    return index > 0 and at - due[index - 1] <= tolerance_s
