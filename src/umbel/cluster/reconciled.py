"""Reconciled facts: what others said of a task when Umbel asked, because events may have been lost.

Theory of operation. What a result backend or a worker says enters the set of a task's events as a
fact of a type of its own, whose name says so: `reconciled-succeeded` beside `task-succeeded`. So
sources are never confused, and the set stays a set: order and repetition do not matter.
`reconcile` is a pure function of the whole set. It leaves out what events tell better, and turns
what is left into the events that would have been heard, from which the row is then read:

- An end holds unless an event tells of one. SUCCESS by anybody's word is SUCCESS, as ever.
- A start holds unless an event tells of the same run, a delivery unless an event tells of one to
  this worker, a retry until any later event.
- The description (name, arguments) that comes with any of them is for tasks of which no event
  describes anything.
- `reconciled-unknown` says that nobody asked knew more than the `processed` facts that there were.
  It holds until there is one more, whatever that is.

Where each is from, when it was asked for, and why, stands in `detail`, as the JSON of `Provenance`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from umbel.cluster.events import DESCRIBING, RECONCILED, RECONCILED_RANK, Event

#: Two starts on one worker that are no further apart, in seconds, are one run's: a worker tells
#: when it began by two clocks of its own.
SAME_RUN_S: Final = 2.0
UNKNOWN_FACT: Final = f"{RECONCILED}unknown"

#: Who was asked: the result backend, workers, the broker for what waits in the queue; or nobody, as
#: the task's own times say it.
Source = Literal["backend", "worker", "queue", "expiry"]
#: Why a task's end is unknown.
#:
#: - `worker-lost`: the worker that had it is gone, or was started anew.
#: - `ended-untold`: its worker has it no longer, and told of no end, as `Ignore` makes it.
#: - `not-delivered`: no queue nor worker has it, so it was taken off its queue unheard or purged.
#: - `not-found`: nobody who could be asked knows it.
Why = Literal["worker-lost", "ended-untold", "not-delivered", "not-found"]

_ENDS: Final = frozenset({"task-succeeded", "task-failed", "task-revoked"})


class Provenance(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """At `at` (Unix seconds) `source` was asked. `why` and `sources` are those of a task whose end
    nobody knew: the reason, and all who were asked."""

    source: Source
    at: float
    why: Why | None = None
    sources: tuple[Source, ...] = ()


class ReconciledFact(Provenance, frozen=True, omit_defaults=False, kw_only=True):
    """What was said: the kind of fact (`succeeded`, `started`, ..., `unknown`), for which time.
    `holds`: no event tells it better."""

    kind: str
    timestamp: float
    holds: bool


class Reconciliation(msgspec.Struct, frozen=True):
    """A set in which facts were reconciled. `events` are those that hold, in order, as if they
    had been heard; `described` is the event that describes a task of which none does; `unknown`:
    nobody knows how it ended."""

    events: tuple[Event, ...]
    facts: tuple[ReconciledFact, ...]
    described: Event | None
    unknown: bool


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Provenance).decode


def detail_of(provenance: Provenance) -> str:
    """The text for `Event.detail`."""
    return _encode(provenance).decode()


def fact_count(facts: Sequence[Event]) -> int:
    """How many facts there are but that nothing is known."""
    return sum(fact.type != UNKNOWN_FACT for fact in facts)


def reconcile(facts: Sequence[Event]) -> Reconciliation | None:
    """What of these facts holds; None if all of them are events."""
    if not any(fact.type in RECONCILED_RANK for fact in facts):
        return None
    heard = [fact for fact in facts if fact.type not in RECONCILED_RANK]
    holding: list[Event] = []
    answers = [fact for fact in facts if fact.type in RECONCILED_RANK]
    # Ends first, the strongest before others.
    for fact in sorted(answers, key=_strength, reverse=True):
        if fact.type != UNKNOWN_FACT and _holds(fact, heard, holding):
            holding.append(fact)
    is_unknown = _is_unknown(facts, heard, holding)
    is_described = any(fact.type in DESCRIBING for fact in heard)
    described = None if is_described else _description(answers)
    return Reconciliation(
        events=tuple(
            _as_event(fact, is_described=is_described) if fact.type in RECONCILED_RANK else fact
            for fact in facts
            if fact.type not in RECONCILED_RANK or any(fact is each for each in holding)
        ),
        facts=tuple(
            _reconciled_fact(
                fact,
                is_unknown
                if fact.type == UNKNOWN_FACT
                else fact is described or any(fact is each for each in holding),
            )
            for fact in answers
        ),
        described=described,
        unknown=is_unknown,
    )


def _strength(fact: Event) -> int:
    return list(RECONCILED_RANK).index(fact.type)


def _as_event(fact: Event, *, is_described: bool = False) -> Event:
    """The event that was not heard, without its description where events describe the task."""
    event = msgspec.structs.replace(fact, type=_kind(fact), detail=None)
    if is_described:
        return msgspec.structs.replace(event, name=None, args=None, kwargs=None)
    return event


def _kind(fact: Event) -> str:
    return f"task-{fact.type.removeprefix(RECONCILED)}"


def _holds(fact: Event, heard: Sequence[Event], holding: Sequence[Event]) -> bool:
    """Whether no event, nor a stronger answer, tells it better."""
    others = [*heard, *(_as_event(each) for each in holding)]
    match _kind(fact):
        case "task-succeeded":
            return all(other.type != "task-succeeded" for other in others)
        case "task-failed" | "task-revoked":
            return all(other.type not in _ENDS for other in others)
        case "task-retried":
            return all(
                other.timestamp <= fact.timestamp and other.type not in _ENDS for other in others
            ) and not _has_retried(others)
        case "task-started":
            return not any(
                other.type == "task-started"
                and other.hostname == fact.hostname
                and abs(other.timestamp - fact.timestamp) <= SAME_RUN_S
                for other in others
            )
        case _:
            return not any(
                other.type in {"task-received", "task-started"} and other.hostname == fact.hostname
                for other in others
            )


def _has_retried(others: Sequence[Event]) -> bool:
    """Whether the last run that is known, by events and stronger or earlier answers, is known to
    have ended by asking for another try."""
    last = [each.type for each in others if each.type in {"task-started", "task-retried"}]
    return bool(last) and last[-1] == "task-retried"


def _is_unknown(facts: Sequence[Event], heard: Sequence[Event], holding: Sequence[Event]) -> bool:
    if any(each.type in _ENDS for each in heard) or any(_kind(each) in _ENDS for each in holding):
        return False
    numbers = [fact.processed or 0 for fact in facts if fact.type == UNKNOWN_FACT]
    return bool(numbers) and max(numbers) >= fact_count(facts)


def _description(answers: Sequence[Event]) -> Event | None:
    named = [fact for fact in answers if fact.name is not None]
    return max(named, key=lambda fact: (fact.retries or 0, fact.timestamp), default=None)


def _reconciled_fact(fact: Event, holds: bool) -> ReconciledFact:
    try:
        provenance = _decode(fact.detail or "")
    except msgspec.DecodeError:  # of another version
        provenance = Provenance(source="backend", at=fact.timestamp)
    return ReconciledFact(
        source=provenance.source,
        at=provenance.at,
        why=provenance.why,
        sources=provenance.sources,
        kind=fact.type.removeprefix(RECONCILED),
        timestamp=fact.timestamp,
        holds=holds,
    )
