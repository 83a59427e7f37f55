"""Bounds: which tasks somebody may act on who may not act on all (`auth.grants`).

Theory of operation. A plan of such a person carries their bounds, and leaves out what lies outside
of them. The run that carries it out has the bounds of the plan and those of whoever executes it,
and looks at every task again before it touches it: names and queues are as the history has them
then, compared in upper and lower case, and what is not known fits no pattern. A search is narrowed
to the bounds besides, so that it does not walk through what it would leave out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from umbel.auth.base import Actor
from umbel.auth.grants import Grant, Permission, of_some
from umbel.broker.reserved_headers import COPIES
from umbel.query.ast import And, Comparison, Matches, Node, Or
from umbel.services.control.phrases import listed

#: Names that every worker has, and does not list (celery/app/builtins.py).
BUILT_IN: Final = "celery."
#: Celery's own tasks run others, of any name, or send them to any queue (`celery.map`,
#: `celery.group`).
_NOT_PERMITTED: Final = "Not permitted: "
BUILT_IN_REFUSED: Final = (
    f"{_NOT_PERMITTED}Celery's own tasks (celery.*) run or send others of any name, so sending "
    "them takes a role for everything."
)


def is_built_in(name: str) -> bool:
    """Whether every worker has this task, and lists it nowhere: `celery.chord_unlock` runs wherever
    chords do, `celery.backend_cleanup` once a day (celery/worker/control.py, `registered`)."""
    return name.startswith(BUILT_IN)


class TaskBounds(msgspec.Struct, frozen=True):
    """What `who` may act on: tasks that one of `grants` covers."""

    who: str
    grants: tuple[Grant, ...]

    @classmethod
    def of(cls, actor: Actor, permission: Permission) -> TaskBounds | None:
        """The bounds within which this person has the permission; None is everything."""
        if actor.may(permission):
            return None
        grants = of_some(actor.bounded, permission)
        return cls(actor.name, tuple(msgspec.structs.replace(each, because="") for each in grants))

    def cover(self, name: str | None, queue: str | None) -> bool:
        """Whether a task of this name in this queue lies within; None is not known."""
        return any(each.covers(name, queue) for each in self.grants)

    def contain(self, other: TaskBounds) -> bool:
        """Whether everything within `other` surely lies within these."""
        return all(any(_contains(mine, each) for mine in self.grants) for each in other.grants)

    @property
    def scope(self) -> str:
        """What lies within, in words: `tasks billing.* and tasks in the queue slow`."""
        return scope_of(self.grants)

    @property
    def refusal(self) -> str:
        """Why a task outside is left out."""
        return f"{_NOT_PERMITTED}{self.who} may act on {self.scope} alone."

    @property
    def query(self) -> Node:
        """A search for what lies within; it also finds names and queues that differ in upper and
        lower case."""
        return Or(tuple(_query(each) for each in self.grants))

    def refusal_to_send(
        self, name: str, queue: str | None, headers: Iterable[str] = ()
    ) -> str | None:
        """Why a task must not be sent to this queue (None: it is not known to which), if so."""
        if is_built_in(name):
            return BUILT_IN_REFUSED
        if queue is not None and {*headers}.isdisjoint(COPIES) and self.cover(name, queue):
            return None
        if self.cover(name, None):  # in whatever queue
            return None
        where = "" if queue is None else f" to the queue {queue}"
        return (
            f"{_NOT_PERMITTED}{self.who} may not send {name}{where}, but may act on {self.scope} "
            "alone."
        )


def is_refusal(sentence: str) -> bool:
    """Whether this sentence, of those by which a plan leaves tasks out, speaks of bounds."""
    return sentence.startswith(_NOT_PERMITTED)


def scope_of(grants: Iterable[Grant]) -> str:
    """Where these hold, in words; `nothing` if there are none."""
    scopes = [*dict.fromkeys(each.scope for each in grants)]
    return listed(scopes, 5) if scopes else "nothing"


def first_refusal(bounds: Iterable[TaskBounds], name: str | None, queue: str | None) -> str | None:
    """Why a task of this name in this queue is not within all of these bounds, if so."""
    return next((each.refusal for each in bounds if not each.cover(name, queue)), None)


def _query(grant: Grant) -> Node:
    fields = (("name", grant.name), ("queue", grant.queue))
    return And(
        tuple(
            Matches(field, Comparison.GLOB, (text,)) for field, text in fields if text is not None
        )
    )


def _contains(grant: Grant, other: Grant) -> bool:
    return _fits(grant.name, other.name) and _fits(grant.queue, other.queue)


def _fits(pattern: str | None, other: str | None) -> bool:
    """Whether whatever fits `other` fits `pattern`."""
    if pattern is None:
        return True
    return other is not None and _is_wider(pattern, other)


def _is_wider(pattern: str, other: str) -> bool:
    """Whether `pattern` fits `other` read as text, in which a star is fitted by a star alone, and a
    question mark by no other character than itself. At each character of `other`, `ends` are the
    lengths of beginnings of `pattern` that fit what came before."""
    ends = _past_stars(pattern, {0})
    for character in other:
        moved = {end for end in ends if end < len(pattern) and pattern[end] == "*"}
        moved |= {
            end + 1
            for end in ends
            if end < len(pattern)
            and pattern[end] != "*"
            and character != "*"
            and pattern[end] in ("?", character)
        }
        ends = _past_stars(pattern, moved)
    return len(pattern) in ends


def _past_stars(pattern: str, ends: set[int]) -> set[int]:
    """With those that are reached by a star that stands for nothing."""
    found = set(ends)
    for end in ends:
        while end < len(pattern) and pattern[end] == "*":
            end += 1
            found.add(end)
    return found
