"""The contract of a reader: one thread's client of one kind of result backend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from umbel.results.base import KeptGroup, ListedIds, Result, TaskCanvas

ABORTED = "ABORTED"


class ResultReader(Protocol):
    """One thread's client. Methods raise whatever Celery and its driver raise."""

    def fetch(self, task_ids: Sequence[str]) -> dict[str, Result]:
        """What is kept of each. An id that is not known, or cannot be, is PENDING."""

    def sizes(self, task_ids: Sequence[str]) -> dict[str, int] | None:
        """About how many bytes `fetch` would read of each that is kept; None where that cannot be
        told for less."""

    def list_ids(self, cursor: str, since: float) -> ListedIds | None:
        """See `results.base.ResultListing`."""

    def task_canvases(self, task_ids: Sequence[str]) -> dict[str, TaskCanvas]:
        """See `results.base.CanvasRecords`."""

    def kept_groups(self, group_ids: Sequence[str]) -> dict[str, KeptGroup]:
        """See `results.base.CanvasRecords`."""

    def abort(self, task_id: str) -> None:
        """Keep the state ABORTED for it, unless it has ended. Raises `UnreadableResult`."""

    def release(self) -> None:
        """Let go of connections."""
