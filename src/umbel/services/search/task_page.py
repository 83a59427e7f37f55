"""`TaskPage`: a page of tasks as every source of the Python API and the commands gives it.

The client decodes it from the HTTP API's answer of the same shape (`web/responses.py`, whose
items have more fields); a local source fills it from a store.
"""

from __future__ import annotations

import msgspec

from umbel.cluster.task import Task
from umbel.services.search.incomplete import Incomplete


class TaskPage(msgspec.Struct, frozen=True, kw_only=True):
    """Tasks in order. `next` is the cursor of the next page, None after the last one; a page may
    be empty and not be the last.

    `complete` is False when time ran out before the page was full: everything back to `reached`
    (Unix seconds) was searched then, and `next` goes on from there. `seq` is a change number to
    begin following after, so that nothing is missed. `incomplete` is what is missing in the time
    of these tasks, None if nothing is."""

    items: tuple[Task, ...]
    next: str | None
    complete: bool = True
    reached: float | None = None
    seq: int = 0
    incomplete: Incomplete | None = None
