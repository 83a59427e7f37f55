"""What each kind of backend is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from umbel.results.base import Result

ABORTED = "ABORTED"


class Reading(Protocol):
    """One thread's way to a backend. Methods raise whatever Celery and its driver raise."""

    def fetch(self, task_ids: Sequence[str]) -> dict[str, Result]:
        """What is kept of each. An id that is not known, or cannot be, is PENDING."""

    def abort(self, task_id: str) -> None:
        """Keep the state ABORTED for it, unless it has ended. Raises `Unreadable`."""

    def release(self) -> None:
        """Let go of connections."""
