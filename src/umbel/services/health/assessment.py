"""What the rules find in the facts, worst first; or, in one line, that all is well. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from umbel.cluster.worker import ONLINE
from umbel.services.cluster.queue_inspection import QUEUES_MAX
from umbel.services.health.facts import HealthFacts
from umbel.services.health.health_finding import WEIGHTS, HealthFinding, Muted
from umbel.services.health.rules.table import HEALTH_RULES
from umbel.services.health.worker_status import UNKNOWN
from umbel.services.phrases import number, span
from umbel.store.ledger import Mute

#: The most findings that an answer tells.
FINDINGS_MAX: Final = 100
#: A history that is younger has little to compare with, seconds.
YOUNG_S: Final = 600.0
#: A wait that is not of now unless it is said to be, seconds.
LONG_WAIT_S: Final = 5.0
#: So many waits are enough to speak of.
WAITS_MIN: Final = 5

_ORDER: Final = {rule: place for place, rule in enumerate(HEALTH_RULES)}


def assess(facts: HealthFacts) -> tuple[HealthFinding, ...]:
    """Everything that any rule finds, the gravest first."""
    found = [each for rule in HEALTH_RULES.values() for each in rule(facts)]
    # While nothing is recorded, what the record lacks says nothing of the cluster.
    if facts.live.state == "blind":
        found = [each for each in found if each.rule not in _OF_THE_RECORD]
    # Who cannot send to the broker falls silent, whatever it is.
    if facts.refusal:
        found = [each for each in found if each.rule not in _OF_THE_SENDERS]
    return tuple(sorted(found, key=_weight))


#: Rules that would take a silence of Umbel for one of the cluster.
_OF_THE_RECORD: Final = frozenset(
    {
        "worker-wedged", "task-overdue", "tasks-retrying", "wait-risen", "runtime-risen",
        "failures-risen",
    }
)  # fmt: skip

#: Rules that would take a broker that takes nothing for workers and beat that are gone.
_OF_THE_SENDERS: Final = frozenset({"worker-silent", "beat-silent", "entry-missed"})

#: Rules that look at Umbel itself or at the broker alone, so that they find the same whether or not
#: anything is recorded.
NEED_NO_RECORD: Final = frozenset(
    {
        "not-recording", "broker-takes-nothing", "collector-behind", "events-missed",
        "store-damaged", "store-near-its-bound", "history-gap", "queue-growing",
        "queue-older-than-usual", "queue-paused",
    }
)  # fmt: skip


def _weight(each: HealthFinding) -> tuple[int, int]:
    return WEIGHTS.index(each.severity), _ORDER[each.rule]


def with_mutes(
    found: Sequence[HealthFinding], mutes: Mapping[str, Mute]
) -> tuple[HealthFinding, ...]:
    """The findings with what was muted, those last. A mute does not hold for what has become
    graver since."""
    marked = [_marked(each, mutes.get(each.id)) for each in found]
    return tuple(sorted(marked, key=lambda each: each.muted is not None))


def _marked(found: HealthFinding, mute: Mute | None) -> HealthFinding:
    if mute is None or _is_graver(found, mute):
        return found
    muted = Muted(by=mute.actor, until=mute.until, reason=mute.reason)
    return msgspec.structs.replace(found, muted=muted)


def _is_graver(found: HealthFinding, mute: Mute) -> bool:
    graver = [str(weight) for weight in WEIGHTS[: WEIGHTS.index(found.severity) + 1]]
    return mute.severity not in graver


def well(facts: HealthFacts, found: Sequence[HealthFinding]) -> str | None:
    """That all is well, with the numbers that make it true; None where anything is open, or
    cannot be known: while Umbel is blind, behind, or sees a part alone."""
    if facts.live.state != "live" or any(each.muted is None for each in found):
        return None
    if not_heard(facts):
        return None
    oldest = facts.storage.oldest
    young_s = None if oldest is None or facts.now - oldest >= YOUNG_S else facts.now - oldest
    muted = "All well" if young_s is None else "All well so far"
    if found:
        muted += f" but for {number(len(found), 'muted finding')}"
    online = sum(each.status == ONLINE for each in facts.workers)
    if not online:
        return "Nothing is wrong, and nothing runs: no worker is online."
    per_minute = (facts.total.seen or 0) / (facts.recent_s / 60)
    parts = [number(online, "worker"), _pace(per_minute), *_failed(facts), *_waiting(facts)]
    if young_s is not None:
        parts.append(f"with {span(young_s)} of history to go by")
    return f"{muted}: {', '.join(parts)}."


def not_heard(facts: HealthFacts) -> str | None:
    """The sentence that says of whom nothing could be heard yet; None where all could."""
    silent = sum(each.status == UNKNOWN for each in facts.workers)
    if silent:
        return (
            f"Whether {number(silent, 'worker')} {'lives' if silent == 1 else 'live'} is not known "
            "yet: recording has only begun."
        )
    oldest = facts.storage.oldest
    is_new = not facts.workers and oldest is None and facts.storage.tasks == 0
    return "No worker has been heard yet." if is_new else None


def _pace(per_minute: float) -> str:
    if per_minute == 0:
        return "no tasks now"
    if per_minute < 1:
        return "less than one task a minute"
    return f"{per_minute:,.0f} {'task' if round(per_minute) == 1 else 'tasks'} a minute"


def _failed(facts: HealthFacts) -> list[str]:
    """How many failed, though not more than usual: a person may call that otherwise."""
    failed, ended = facts.total.failed, facts.total.succeeded + facts.total.failed
    return [f"{failed:,} of {ended:,} failed in the last {span(facts.recent_s)}"] if failed else []


def _waiting(facts: HealthFacts) -> list[str]:
    parts = []
    if facts.queues:
        waiting = sum(each.now.ready for each in facts.queues)
        where = number(len(facts.queues), "queue")
        # Those beyond are neither counted nor judged.
        if len(facts.queues) >= QUEUES_MAX:
            where = f"the {where} that are counted"
        if waiting:
            parts.append(f"{number(waiting, 'message')} in {where}")
        else:
            parts.append(f"nothing waits in {where}")
    wait = facts.total_wait
    if wait is not None and wait.n >= WAITS_MIN:
        p99 = span(wait.p99)
        # What waited long may be over: it is said of when it was.
        parts.append(
            f"99 in 100 tasks start within {p99}"
            if wait.p99 < LONG_WAIT_S
            else f"99 in 100 tasks of the last {span(facts.recent_s)} started within {p99}"
        )
    return parts
