"""The line in the audit of what a person did at once, without a plan."""

from __future__ import annotations

from umbel.auth.base import Actor
from umbel.store.ledger import AuditEntry


def deed_of(
    actor: Actor,
    action: str,
    target: str,
    at: float,
    *,
    query: str | None = None,
    answer: str | None = None,
    reason: str | None = None,
) -> AuditEntry:
    """That `actor` did it, at `at` (Unix seconds); an empty `answer` or `reason` is none."""
    return AuditEntry(
        at=at,
        actor=actor.name,
        address=actor.address,
        via=actor.via,
        action=action,
        target=target,
        query=query,
        outcome="done",
        answer=answer or None,
        reason=reason or None,
    )
