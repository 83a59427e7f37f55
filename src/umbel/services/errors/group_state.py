"""Whether an error is open, resolved or ignored: a pure function of what was decided and of what
happened since.

What is decided stays decided in the ledger; whether it still holds is worked out whenever it is
asked. So no process has to watch for it, and all that read the same history agree.

- *Resolved* holds until it fails again.
- *Ignored* holds until the time that was given; until it has failed so often since; or while it
  fails less often than so many times within any minute of the last day (`RATE_SPAN_S`); or until
  the next deploy that is known. The first of the conditions that is met reopens it.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from umbel.store.ledger import ErrorDecision

State = Literal["open", "resolved", "ignored"]
#: Minutes are looked at as far back as this, seconds.
RATE_SPAN_S: Final = 86_400.0


class Recurrence(msgspec.Struct, frozen=True, kw_only=True):
    """What happened since a decision: when it `first` failed again (Unix seconds), None if it did
    not or that was not found in time; how often, at least as far as `total` of the decision asks;
    when the last of these `total` was; and the `fastest` minute of the last day, when that began
    (`fastest_at`) and how often it failed in it; the first `deploy` after it, and when that began
    (`deploy_at`)."""

    first: float | None = None
    count: int = 0
    total_at: float | None = None
    fastest: int = 0
    fastest_at: float | None = None
    deploy: str | None = None
    deploy_at: float | None = None


NEVER_SINCE: Final = Recurrence()


class GroupState(msgspec.Struct, frozen=True, kw_only=True):
    """What holds of an error now. `by` decided it at `at` (Unix seconds); both null where nobody
    did. An `open` one that had been resolved or ignored (`was`) has `reopened`, since when, and
    `because`, a sentence. `note` is of `noted_by`. `until`, `rate`, `total` and
    `next_deploy` are the conditions that end its being ignored."""

    state: State = "open"
    by: str | None = None
    at: float | None = None
    note: str = ""
    noted_by: str = ""
    until: float | None = None
    rate: int | None = None
    total: int | None = None
    next_deploy: bool = False
    was: State | None = None
    reopened: float | None = None
    because: str | None = None


NOBODY_DECIDED: Final = GroupState()


def group_state(decision: ErrorDecision | None, since: Recurrence, now: float) -> GroupState:
    """What holds at `now`, by what was decided and what happened since."""
    if decision is None:
        return NOBODY_DECIDED
    decided = GroupState(
        state=decision.state,
        by=decision.actor,
        at=decision.at,
        note=decision.note,
        noted_by=decision.noted_by,
        until=decision.until,
        rate=decision.rate,
        total=decision.total,
        next_deploy=decision.next_deploy,
    )
    ended = _ended(decision, since, now)
    if ended is None:
        return decided
    reopened, because = ended
    return msgspec.structs.replace(
        decided, state="open", was=decision.state, reopened=reopened, because=because
    )


def _ended(decision: ErrorDecision, since: Recurrence, now: float) -> tuple[float, str] | None:
    """When the decision ceased to hold, and why; None while it holds. Of several reasons the
    earliest counts."""
    reasons: list[tuple[float, str]] = []
    if decision.state == "resolved" and since.first is not None:
        reasons.append((since.first, "It failed again after it had been resolved."))
    if decision.state == "ignored":
        if decision.until is not None and now >= decision.until:
            reasons.append((decision.until, "It was ignored until then."))
        if decision.total is not None and since.count >= decision.total:
            met = now if since.total_at is None else since.total_at
            times = "once" if decision.total == 1 else f"{decision.total:,} times"
            reasons.append((met, f"It failed {times} since it was ignored."))
        if decision.next_deploy and since.deploy_at is not None:
            why = f"It was ignored until the next deploy, which was seen: {since.deploy}."
            reasons.append((since.deploy_at, why))
        if decision.rate is not None and since.fastest >= decision.rate:
            met = now if since.fastest_at is None else since.fastest_at
            why = (
                f"It failed {since.fastest:,} times within a minute; it was ignored below "
                f"{decision.rate:,}."
            )
            reasons.append((met, why))
    return min(reasons, default=None)
