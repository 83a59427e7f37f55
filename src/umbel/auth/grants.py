"""What a role allows, and where: everywhere, or for tasks of some names and queues alone.

Looking is never bounded: whoever gets in sees the whole cluster, and a bounded grant says what
they may touch in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final, Literal

import msgspec

from umbel.query.globbing import glob

Role = Literal["viewer", "operator", "admin"]
#: `read`: see everything. `operate`: act on tasks, and on workers in ways that their next
#: start undoes. `administer`: stop workers, purge queues, see and end others' sessions.
Permission = Literal["read", "operate", "administer"]

GRANTS: Final[dict[Role, frozenset[Permission]]] = {
    "viewer": frozenset({"read"}),
    "operator": frozenset({"read", "operate"}),
    "admin": frozenset({"read", "operate", "administer"}),
}


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A role, and where it holds. `name` and `queue` are patterns (`*` any characters, `?` any
    one; upper and lower case differ) that a task's name and queue must both fit; None is any.
    `because` is the half sentence that says what gave it: `rule 2: groups has "billing"`."""

    role: Role
    name: str | None = None
    queue: str | None = None
    because: str = ""

    @property
    def is_bounded(self) -> bool:
        """Whether it holds for some tasks alone."""
        return self.name is not None or self.queue is not None

    def allows(self, permission: Permission) -> bool:
        """Whether its role has this permission."""
        return permission in GRANTS[self.role]

    def covers(self, name: str | None, queue: str | None) -> bool:
        """Whether it holds for a task of this name in this queue; what is not known fits only a
        grant that does not ask for it."""
        return _fits(self.name, name) and _fits(self.queue, queue)

    @property
    def scope(self) -> str:
        """Where it holds, in words: `tasks billing.* in the queue slow`."""
        if not self.is_bounded:
            return "everything"
        tasks = "tasks" if self.name is None else f"tasks {self.name}"
        return tasks if self.queue is None else f"{tasks} in the queue {self.queue}"


def of_some(grants: Iterable[Grant], permission: Permission) -> tuple[Grant, ...]:
    """The bounded ones of these grants that have the permission."""
    return tuple(each for each in grants if each.is_bounded and each.allows(permission))


def _fits(pattern: str | None, text: str | None) -> bool:
    return pattern is None or (text is not None and _test(pattern)(text))


@lru_cache(1_000)
def _test(pattern: str) -> Callable[[str], bool]:
    return glob(pattern)
