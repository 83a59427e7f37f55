"""`TaskPage`: one page of tasks, from the search that makes it to whoever asked for it.

`Search` gives a page of tasks, the HTTP API the same page with rows for them, and the client and
the sources of the Python API read it back. So what a page says beside its tasks is said everywhere.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from umbel.cluster.task import TaskSummary
from umbel.services.search.incomplete import Incomplete

Row = TypeVar("Row", bound=TaskSummary)


class TaskPage(msgspec.Struct, Generic[Row], frozen=True, kw_only=True):
    """Tasks in order. `next` is the cursor of the next page, None after the last one; a page may
    be empty and not be the last.

    `complete` is False when time ran out before the page was full: everything back to `reached`
    (Unix seconds) was searched then, and `next` goes on from there. `sentence` is the query in
    words. `seq` is a change number to begin following after, so that nothing is missed.
    `incomplete` is what is missing in the time of these tasks, None if nothing is."""

    items: tuple[Row, ...]
    next: str | None
    complete: bool
    reached: float | None
    sentence: str
    seq: int
    incomplete: Incomplete | None
