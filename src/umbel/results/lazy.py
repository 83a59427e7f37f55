"""A lazy `ResultBackend`: opened when it is first used (see `broker.lazy`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from umbel.lazy import Lazy
from umbel.results.base import (
    CanvasRecords,
    KeptGroup,
    ListedIds,
    Result,
    ResultBackend,
    ResultListing,
    TaskCanvas,
)
from umbel.results.canvas import no_canvas


class LazyResults:
    """See `results.base.ResultBackend`. What `open_results` raises is raised by the call that
    needed it, and the next call tries again."""

    def __init__(self, open_results: Callable[[], ResultBackend]) -> None:
        self._lazy = Lazy(open_results)

    @property
    def url(self) -> str:
        return self._lazy.get().url

    def expect(self, task_id: str) -> str | None:
        return self._lazy.get().expect(task_id)

    def get(self, task_id: str) -> Result:
        return self._lazy.get().get(task_id)

    def get_many(self, task_ids: Sequence[str]) -> Iterator[Result]:
        return self._lazy.get().get_many(task_ids)

    def list_ids(self, cursor: str, since: float) -> ListedIds | None:
        """See `results.base.ResultListing`; None for a backend that has no such thing."""
        found = self._lazy.get()
        return found.list_ids(cursor, since) if isinstance(found, ResultListing) else None

    def task_canvases(self, task_ids: tuple[str, ...], timeout_s: float) -> dict[str, TaskCanvas]:
        """See `results.base.CanvasRecords`."""
        found = self._lazy.get()
        if not isinstance(found, CanvasRecords):
            list(found.get_many(task_ids[:1]))  # raises why it cannot be used at all
            raise no_canvas(found.url)
        return found.task_canvases(task_ids, timeout_s)

    def kept_groups(self, group_ids: tuple[str, ...], timeout_s: float) -> dict[str, KeptGroup]:
        """See `results.base.CanvasRecords`."""
        found = self._lazy.get()
        if not isinstance(found, CanvasRecords):
            raise no_canvas(found.url)
        return found.kept_groups(group_ids, timeout_s)

    def wait(self, task_id: str, timeout_s: float) -> Result:
        return self._lazy.get().wait(task_id, timeout_s)

    def abort(self, task_id: str) -> None:
        self._lazy.get().abort(task_id)

    def close(self) -> None:
        self._lazy.close()
