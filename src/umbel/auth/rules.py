"""The rules that make roles of claims: `[[auth.rules]]` of the settings.

They are read from top to bottom, for each cluster. A rule for tasks of some names or queues adds
what it grants, and the next one is read; the first other rule that fits gives the role for
everything else, and ends the reading. Whom only rules for some tasks fit sees the rest, as a
viewer. Whom none fits, or first one with the role `none`, has no role there: no entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final, Literal

import msgspec

from umbel.auth.claims import EMAILS, Claims, values_at
from umbel.auth.grants import Grant, Role
from umbel.query.globbing import glob

#: The provider of those who log in with a password of the settings.
PASSWORD: Final = "password"  # noqa: S105


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever logs in by `provider` (None: any) and whose `claim` has one of `values`, or fits one
    of `patterns` (`*` and `?`), gets `role`; without a claim everybody of the provider. In
    `cluster` alone, or in all; for tasks of `name` and `queue` (patterns), or for all. `number`
    is its place in the settings, from 1."""

    role: Role | Literal["none"]
    provider: str | None = None
    claim: str | None = None
    values: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    cluster: str | None = None
    name: str | None = None
    queue: str | None = None
    number: int = 0

    @property
    def is_bounded(self) -> bool:
        """Whether it is for some tasks alone."""
        return self.name is not None or self.queue is not None


class Decision(msgspec.Struct, frozen=True):
    """What the rules give somebody in one cluster: that which holds for everything first; nothing
    is no entry. `because` says then which rule turned them away, "" if none fitted."""

    grants: tuple[Grant, ...]
    because: str = ""


def decide(rules: Iterable[Rule], provider: str, claims: Claims, cluster: str) -> Decision:
    """What these rules give somebody of this provider with these claims in this cluster."""
    bounded: list[Grant] = []
    for rule in rules:
        if rule.cluster not in (None, cluster):
            continue
        because = _because(rule, provider, claims)
        if because is None:
            continue
        if rule.role == "none":
            return Decision(_with_viewing(bounded), because)
        grant = Grant(role=rule.role, name=rule.name, queue=rule.queue, because=because)
        if not rule.is_bounded:
            return Decision((grant, *bounded))
        bounded.append(grant)
    return Decision(_with_viewing(bounded))


def _with_viewing(bounded: list[Grant]) -> tuple[Grant, ...]:
    """Whoever may act on some tasks sees all."""
    if not bounded:
        return ()
    return (Grant(role="viewer", because=bounded[0].because), *bounded)


def _because(rule: Rule, provider: str, claims: Claims) -> str | None:
    """Why the rule is for them, as a half sentence; None if it is not."""
    if rule.provider not in (None, provider):
        return None
    if rule.claim is None:
        return f"rule {rule.number}: everybody who logs in by {rule.provider or 'any provider'}"
    is_email = rule.claim in EMAILS
    for value in values_at(claims, rule.claim):
        if any(value == _as(wanted, is_email) for wanted in rule.values) or any(
            _test(_as(pattern, is_email))(value) for pattern in rule.patterns
        ):
            return f'rule {rule.number}: {rule.claim} has "{value}"'
    return None


def _as(text: str, is_email: bool) -> str:
    return text.lower() if is_email else text


@lru_cache(1_000)
def _test(pattern: str) -> Callable[[str], bool]:
    return glob(pattern)
