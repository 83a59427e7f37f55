"""What is wrong with what people see: kinds, weight, and the sentences that tell it.

A trouble is a value. What finds it (`liveness`) and what shows it (the band in the browser,
`umbel status`, the API) know nothing of each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from umbel.cluster.events import UUID_MAX
from umbel.cluster.gaps import Cause, Gap
from umbel.services.phrases import names, number, span
from umbel.store.base import KeptGap

Kind = Literal[
    "blind",
    "deaf",
    "behind",
    "damaged_store",
    "foreign_consumer",
    "events_off",
    "discarded",
    "shed",
    "lost",
    "gap",
]
#: `error`: what is shown is wrong or stands still. `warning`: some of what happens is not told.
#: `notice`: something in the past is missing; it may be put away by who has read it.
Severity = Literal["error", "warning", "notice"]

SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "notice")


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong: `sentence` says what, `remedy` what to do next (empty where
    nothing can be done), `since` when it began (Unix seconds, null if unknown), `count` of how
    many things it speaks. `action` is the kind of an action that mends it, to be planned for
    `workers`."""

    kind: Kind
    severity: Severity
    sentence: str
    remedy: str = ""
    since: float | None = None
    count: int | None = None
    workers: tuple[str, ...] = ()
    action: Literal["enable_events"] | None = None


#: What is said in the first seconds of a server, in which nothing is wrong yet.
STARTING: Final = "The collector is starting, so nothing new is recorded yet."


def blind(sentence: str, since: float | None, kind: Kind = "blind") -> Trouble:
    """Nothing new is recorded. The sentence is of who knows why, and what to do."""
    severity: Severity = "warning" if sentence == STARTING else "error"
    return Trouble(kind=kind, severity=severity, sentence=sentence, since=since)


def behind(lag_s: float, waiting: int = 0) -> Trouble:
    """`waiting` messages of the stream of events are still to be read, as far as is known."""
    rest = f" Still to be read of the stream of events: {number(waiting, 'message')}."
    catching_up = f"What you see is {span(lag_s)} behind the cluster and is catching up."
    return Trouble(
        kind="behind", severity="warning", sentence=catching_up + (rest if waiting else "")
    )


def unheard(workers: Sequence[str], quiet_s: float, since: float) -> Trouble:
    """Workers answer when they are asked, and tell nothing by themselves."""
    verb = "answers" if len(workers) == 1 else "answer"
    return Trouble(
        kind="deaf",
        severity="error",
        sentence=(
            f"{names(workers)} {verb} when asked, but no event has come for {span(quiet_s)}."
        ),
        remedy=(
            "Check that workers and Umbel use the same broker, virtual host or database, and "
            "the same event_exchange and global_keyprefix; that workers run without "
            "--without-heartbeat, or with -E."
        ),
        since=since,
        count=len(workers),
        workers=tuple(workers),
    )


def events_off(
    since_by_worker: Mapping[str, float],
    processed: Mapping[str, int] | None = None,
    *,
    offered: bool = True,
) -> Trouble:
    """`processed` is how many tasks these workers have run, where they said; `offered`: events
    may be switched on from here."""
    workers = tuple(sorted(since_by_worker))
    verb = "runs" if len(workers) == 1 else "run"
    tell = "tells" if len(workers) == 1 else "tell"
    ran = sum((processed or {}).get(worker, 0) for worker in workers)
    so_far = f" ({ran:,} so far)" if ran else ""
    return Trouble(
        kind="events_off",
        severity="warning",
        sentence=f"{names(workers)} {verb} tasks and {tell} of none{so_far}: "
        "task events are off there.",
        remedy=(
            ("Enable events now, and start" if offered else "Start")
            + " workers with -E or set worker_send_task_events = True, so that they stay on."
        ),
        since=min(since_by_worker.values()),
        count=len(workers),
        workers=workers,
        action="enable_events" if offered else None,
    )


#: By reason: what happened to the events, and what the cluster's owner can do.
_DISCARDED: Final[Mapping[str, tuple[str, str]]] = {
    "pickle": (
        "pickled and not read",
        "Set event_serializer = 'json', Celery's default: pickled data is never opened here.",
    ),
    "too-much": (
        "given up, since one message would have cost too much",
        "Something else publishes into the event exchange: Celery's own messages are small.",
    ),
    "odd-uuid": (
        f"not stored, since the ids of their tasks are longer than {UUID_MAX} characters, or no "
        "text",
        f"Send these tasks with ids of up to {UUID_MAX} characters (task_id): they run, and are "
        "missing here.",
    ),
    "unstorable": ("not stored, since the store chokes on them", "Please report this."),
    "unreadable": (
        "not read, since they are not Celery's events",
        "Something else publishes into the event exchange, or with another serializer: set "
        "event_serializer = 'json'.",
    ),
}


def discarded(faults: Mapping[str, int], severity: Severity, since: float | None) -> Trouble:
    """Events that came and could not be read, by reason; an error if nothing else came."""
    parts: dict[str, int] = {}
    for reason, count in faults.items():
        kind = reason if reason in _DISCARDED else "unreadable"
        parts[kind] = parts.get(kind, 0) + count
    clauses = [f"{number(count, 'event')} {'was' if count == 1 else 'were'} {_DISCARDED[kind][0]}"
            for kind, count in sorted(parts.items())]  # fmt: skip
    alone = "Nothing that comes can be read: " if severity == "error" else ""
    return Trouble(
        kind="deaf" if severity == "error" else "discarded",
        severity=severity,
        sentence=f"{alone}{'; '.join(clauses)}.",
        remedy=" ".join(_DISCARDED[kind][1] for kind in sorted(parts)),
        since=since,
        count=sum(parts.values()),
    )


#: What messages told that were left out, by their kind.
_SHED: Final = {
    "logs": "had lines of logs",
    "begun": "told of beginnings alone",
    "succeeded": "of successes",
    "other": "of failures, other ends or workers",
}


def shed(count: int, kinds: Mapping[str, int]) -> Trouble:
    """`kinds` are those of `CollectorStatus.shed_kinds`."""
    told = [f"{kinds[kind]:,} {about}" for kind, about in _SHED.items() if kinds.get(kind)]
    return Trouble(
        kind="shed",
        severity="warning",
        sentence=f"{number(count, 'message')} came faster than they could be stored, and "
        f"were left out{': ' if told else ''}{', '.join(told)}.",
        remedy="Look at the disk and the processor of this machine; --collector-buffer gives "
        "bursts more room.",
        count=count,
    )


def damaged(sentence: str, remedy: str, since: float | None) -> Trouble:
    return Trouble(
        kind="damaged_store", severity="error", sentence=sentence, remedy=remedy, since=since
    )


#: Why events passed unseen, as the end of a sentence.
CAUSES: Final[Mapping[Cause, str]] = {
    "broker-away": "the broker was out of reach",
    "broker-restarted": "the broker was restarted and lost what its queue had held",
    "broker-cut": "the broker ended the connection",
    "queue-full": "Umbel's queue or stream at the broker was full",
    "queue-expired": "events waited in Umbel's queue for longer than it keeps them",
    "queue-deleted": "Umbel's queue at the broker was deleted or emptied",
    "queue-shared": "somebody else read from Umbel's queue",
    "copy-restored": "the history was restored from a copy",
    "collector-away": "Umbel's collector did not run",
    "collector-paused": "Umbel's collector, or its machine, stood still",
    "shed": "more came than could be stored",
}


def missing(gaps: Sequence[KeptGap], now: float) -> Trouble:
    """Events of these spans may have passed unseen."""
    last = max(gaps, key=lambda gap: gap.end)
    missed_s = covered_s(gaps)
    causes = list(dict.fromkeys(CAUSES[gap.cause] for gap in gaps))
    return Trouble(
        kind="gap",
        severity="notice",
        sentence=f"About {span(missed_s)} of events may be missing: {' and '.join(causes)}, "
        f"until {span(now - last.end)} ago.",
        since=min(gap.start for gap in gaps),
        count=len(gaps),
    )


def covered_s(gaps: Sequence[Gap]) -> float:
    """How many seconds lie in any of these."""
    total, until = 0.0, float("-inf")
    for gap in sorted(gaps, key=lambda gap: gap.start):
        total += max(0.0, gap.end - max(gap.start, until))
        until = max(until, gap.end)
    return total
