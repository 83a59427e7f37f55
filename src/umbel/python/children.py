"""Children of many tasks at once: one search a page in the place of one for each task (N+1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final

from umbel.cluster.task import Task
from umbel.python.sources import Source
from umbel.query.ast import Comparison, Matches
from umbel.store.base import Order

#: Of how many tasks the children are asked for at once: few for the first, so that they come
#: soon; more would be a longer search text than a running Umbel reads.
FIRST_PAGE: Final = 50
PAGE: Final = 80
#: Longer ids are asked for in fewer at once, characters.
_TEXT_MAX: Final = 3_000
#: When so many tasks have more children than this together, each is asked for alone.
FOUND_MAX: Final = 5_000
_PAGE: Final = 500


def children_of(source: Source, tasks: Sequence[Task]) -> Callable[[Task], list[str]]:
    """What gives the ids of the tasks that each of these sent, oldest first; at most 1,000."""
    found = _children(source, [task.uuid for task in tasks])
    return source.children if found is None else lambda task: found[task.uuid]


def parts(tasks: Iterator[Task]) -> Iterator[list[Task]]:
    """Lists of tasks of which children can be asked for at once."""
    size = FIRST_PAGE
    while some := list(islice(tasks, size)):
        part: list[Task] = []
        length = 0
        for task in some:
            if part and length + len(task.uuid) > _TEXT_MAX:
                yield part
                part, length = [], 0
            part.append(task)
            length += len(task.uuid)
        yield part
        size = PAGE


def _children(source: Source, ids: Sequence[str]) -> dict[str, list[str]] | None:
    """Children by parent, or None if there are too many to tell in one."""
    sent = Matches("parent", Comparison.EQUALS, tuple(ids))
    oldest_first = Order("seen", descending=False)
    found: dict[str, list[str]] = defaultdict(list)
    cursor: str | None = None
    given = 0
    while True:
        page = source.page(sent, oldest_first, cursor, _PAGE)
        for child in page.items:
            found[child.parent_id or ""].append(child.uuid)
        given += len(page.items)
        if page.next is None:
            return found
        if given >= FOUND_MAX:
            return None
        cursor = page.next
