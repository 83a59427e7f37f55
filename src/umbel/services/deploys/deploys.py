"""Deploys of a cluster: announced, listed, and taken back where they were a mistake.

Any thread; every method blocks and raises `StoreError`.
"""

from __future__ import annotations

import secrets
from typing import Final

import msgspec

from umbel.auth.base import Actor
from umbel.characters import visible
from umbel.clock import Clock
from umbel.errors import ActionRefused, DeployUnknown
from umbel.services.deed import deed_of
from umbel.services.deploys.marks import FOLD_S, SPAN_MAX_S, DeployMark, folded, mark_of, marks_of
from umbel.store.ledger import DEPLOYS_KEPT_S, Deploy, Ledger

#: The most deploys of one answer.
MARKS_MAX: Final = 200
#: So far ahead a clock of a pipeline may be, seconds.
AHEAD_S: Final = 300.0
VERSION_MAX: Final = 100
NOTE_MAX: Final = 1_000
ANNOUNCE, REMOVE = "deploy", "remove-deploy"


class DeployList(msgspec.Struct, frozen=True, kw_only=True):
    """Deploys of a time, the newest first; `more` is how many older ones are left out."""

    items: tuple[DeployMark, ...]
    more: int


class Deploys:
    """Asks and writes the ledger."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def list(
        self, after: float | None = None, before: float | None = None, limit: int = MARKS_MAX
    ) -> DeployList:
        """Deploys that were under way from `after` on and began before `before` (Unix seconds)."""
        found = self._marks(after, before)
        return DeployList(items=found[:limit], more=max(0, len(found) - limit))

    def last(self, before: float | None = None) -> DeployMark | None:
        """The last one that began before a time."""
        return next(iter(self._marks(None, before)), None)

    def announce(
        self, version: str, actor: Actor, *, at: float | None = None, note: str = ""
    ) -> DeployMark:
        """Keep that `version` was deployed at `at`, or now. Raises `ActionRefused`."""
        now = self._clock.now()
        at = now if at is None else at
        if not now - DEPLOYS_KEPT_S < at <= now + AHEAD_S:
            raise ActionRefused(
                "A deploy is announced while it is done or afterwards, within "
                f"{DEPLOYS_KEPT_S / 86_400:.0f} days.",
                remedy="Leave at out for now, or give Unix seconds of that time.",
                field="at",
            )
        fact = Deploy(
            id=secrets.token_hex(6), kind="announced", at=at, until=at, version=version,
            note=note, actor=actor.name,
        )  # fmt: skip
        self._record(actor, ANNOUNCE, f"the deploy of {visible(version)}", note, now)
        self._ledger.keep_deploy(fact)
        return self._mark_with(fact)

    def remove(self, deploy_id: str, actor: Actor) -> DeployMark:
        """Forget a deploy with all that was seen of it. Raises `DeployUnknown`."""
        for facts in folded(self._ledger.deploys()):
            mark = mark_of(facts)
            if mark.id == deploy_id:
                target = f"{mark.title} ({mark.id})"
                self._record(actor, REMOVE, visible(target), "", self._clock.now())
                self._ledger.drop_deploys([each.id for each in facts])
                return mark
        raise DeployUnknown(
            f"No deploy with the id {deploy_id} is known.",
            remedy="GET /api/v1/deploys and umbel deploys list those that there are.",
        )

    def _mark_with(self, fact: Deploy) -> DeployMark:
        """The deploy that a fact belongs to, which may have begun before it."""
        facts = self._ledger.deploys(fact.at - SPAN_MAX_S - FOLD_S, fact.at + SPAN_MAX_S)
        whole = next((each for each in folded(facts) if fact in each), [fact])
        return mark_of(whole)

    def _marks(self, after: float | None, before: float | None) -> tuple[DeployMark, ...]:
        # What belongs to a deploy of the time may itself lie before or after it.
        facts = self._ledger.deploys(
            None if after is None else after - SPAN_MAX_S - FOLD_S,
            None if before is None else before + SPAN_MAX_S,
        )
        return tuple(
            mark
            for mark in marks_of(facts)
            if (after is None or mark.until >= after) and (before is None or mark.at < before)
        )

    def _record(self, actor: Actor, action: str, target: str, note: str, now: float) -> None:
        self._ledger.record(deed_of(actor, action, target, now, reason=note))
