"""Which tasks an action is about: the ids that it names, or what its search finds.

A search is walked page by page, newest first, so that any number of tasks takes the memory
of one page, and tasks that come meanwhile (the repetitions that a retry sends) stand
before the place where the walk is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from umbel.cluster.task import ENDED, Task
from umbel.query.ast import And, Comparison, Matches, Node, Not
from umbel.services.control.bounds import TaskBounds, first_refusal
from umbel.services.control.types import ActionRequest
from umbel.store.base import Store

#: How long a page may take, seconds; what was found until then is gone on from.
PAGE_BUDGET_S: Final = 2.0

_OPEN: Final = Not(Matches("state", Comparison.EQUALS, tuple(sorted(ENDED))))


class Target(msgspec.Struct, frozen=True):
    """A task that was chosen, and what is known of it: None for an id that nothing was ever
    heard of."""

    uuid: str
    task: Task | None

    @property
    def has_ended(self) -> bool:
        return self.task is not None and self.task.state in ENDED

    def refusal(self, bounds: Sequence[TaskBounds]) -> str | None:
        """Why it is not within all of these bounds, if so. A task of which nothing was ever heard
        is within none."""
        name, queue = (self.task.name, self.task.queue) if self.task else (None, None)
        return first_refusal(bounds, name, queue)


class TargetSelection(msgspec.Struct, frozen=True):
    """The tasks of one request at `now`, the time of its plan, to which relative times
    refer. A search finds hardly any outside of `bounds`; whoever walks looks at each
    (`Target.refusal`)."""

    request: ActionRequest
    query: Node | None
    now: float
    bounds: tuple[TaskBounds, ...] = ()

    @property
    def leaves_out_ended(self) -> bool:
        """Whether the action means nothing for tasks that have ended."""
        return self.request.action != "retry"

    @property
    def leaves_out_repeated(self) -> bool:
        """Whether those that were sent again already are not sent once more: of several, unless
        that is wanted. Who names a single task means it."""
        request = self.request
        return not request.again and (self.query is not None or len(request.ids or ()) > 1)

    def is_new(self, target: Target) -> bool:
        """Whether a search finds a task now that was not there when its plan was shown. Both clocks
        have to say so, that of who told of the task and that of who took it in: either may be
        off."""
        task = target.task
        if self.query is None or task is None or task.seen <= self.now:
            return False
        return task.changed is None or task.changed > self.now

    def chunks(self, store: Store, size: int) -> Iterator[Sequence[Target]]:
        """All tasks, up to `size` at a time; now and then none, so that whoever walks can
        stop between. Of a search those that have ended are left out where they would be."""
        if self.query is None:
            yield from _by_ids(store, self.request.ids or [], size)
            return
        cursor, budget_s = None, PAGE_BUDGET_S
        while True:
            page = store.search(
                self.wanted(), now=self.now, cursor=cursor, limit=size, budget_s=budget_s
            )
            yield [Target(task.uuid, task) for task in page.items]
            if page.cursor is None:
                return
            # A search that did not come to look at anything would never go on in that time.
            is_stuck = page.cursor == cursor and not page.items
            budget_s = 2 * budget_s if is_stuck else PAGE_BUDGET_S
            cursor = page.cursor

    def wanted(self) -> Node:
        """What the search looks for."""
        return self._open(self.within())

    def within(self) -> Node:
        """What the search chooses within the bounds, ended or not."""
        query = self.query or And(())
        return And((query, *(each.query for each in self.bounds))) if self.bounds else query

    def outside(self) -> Node:
        """What the search chooses and the bounds leave out, ended or not."""
        return And((self.query or And(()), Not(And(tuple(each.query for each in self.bounds)))))

    def wanted_outside(self) -> Node:
        """What the search would look for if it were not for the bounds."""
        return self._open(self.outside())

    def _open(self, query: Node) -> Node:
        return And((query, _OPEN)) if self.leaves_out_ended else query


def _by_ids(store: Store, ids: Sequence[str], size: int) -> Iterator[Sequence[Target]]:
    for start in range(0, len(ids), size):
        some = ids[start : start + size]
        found = store.tasks(some)
        yield [Target(uuid, found.get(uuid)) for uuid in some]
