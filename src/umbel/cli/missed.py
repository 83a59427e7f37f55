"""The warning on standard error that a list is incomplete: gaps and losses in its time."""

from __future__ import annotations

from umbel.cli import printing
from umbel.cluster.task import Task
from umbel.services.health.findings import CAUSES, covered_s
from umbel.services.phrases import number, span
from umbel.services.search.incomplete import Incomplete
from umbel.services.search.task_page import TaskPage
from umbel.store.base import KeptGap


class MissedReport:
    """Told of each page that is listed; `print_warning` says it on standard error, of what it
    calls `time`."""

    def __init__(self, time: str = "the time of these tasks") -> None:
        self._time = time
        self._gaps: dict[KeptGap, None] = {}
        self._lost = 0
        self._reached: float | None = None
        self._timed_out = False

    def note_page(self, page: TaskPage[Task]) -> None:
        """What a page says beside its tasks."""
        if page.incomplete is not None:
            self.note(page.incomplete)
        if not page.complete and page.next is None:
            self._timed_out, self._reached = True, page.reached

    def note(self, incomplete: Incomplete) -> None:
        self._gaps |= dict.fromkeys(incomplete.gaps)
        self._lost = max(self._lost, incomplete.lost)

    def print_warning(self) -> None:
        parts = []
        if self._gaps:
            gaps = list(self._gaps)
            causes = " and ".join(dict.fromkeys(CAUSES[gap.cause] for gap in gaps))
            parts.append(f"events of {span(covered_s(gaps))} may be missing, since {causes}")
        if self._lost:
            parts.append(
                f"by the workers' own counts {number(self._lost, 'task')} began of which nothing "
                "was heard"
            )
        if parts:
            sentence = "; ".join(parts)
            printing.say(f"In {self._time} {sentence}.", err=True)
        if self._timed_out:
            back = "" if self._reached is None else f" back to {printing.clock(self._reached)}"
            printing.say(
                f"Time ran out: only what was first seen{back} is sorted here. A narrower search "
                "sorts all that it finds.",
                err=True,
            )


def print_missed(incomplete: Incomplete | None) -> None:
    """Say what is missing in the time of a list that is counted, if anything is."""
    if incomplete is not None:
        missed = MissedReport("this time")
        missed.note(incomplete)
        missed.print_warning()
