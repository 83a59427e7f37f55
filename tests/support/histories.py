"""Histories of tasks that tests generate.

`lifelike` plays a task's life as Celery does, event by event in the order in which it
happens; `wild` draws events without any sense, with times and nodes that collide often.
Laws must hold for both; agreement with Celery's own `State` only for the first.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from umbel.cluster.events import RECONCILED_RANK, TASK_RANK, Event
from umbel.cluster.reconciled import UNKNOWN_FACT, Provenance, Source, detail_of

UUID = "5a1f0f3e-0000-4000-8000-00000000cafe"
EPOCH = 1_800_000_000.0
CLIENT = "gen100@client"
WORKERS = ("w1@one", "w2@two")

#: What a last attempt may come to, as the kinds of events that tell it.
OUTCOMES: dict[str, tuple[str, ...]] = {
    "succeeded": ("task-started", "task-succeeded"),
    "failed": ("task-started", "task-failed"),
    "hard time limit": ("task-started", "task-failed", "task-failed"),
    "rejected": ("task-started", "task-failed", "task-rejected"),
    "ignored": ("task-started",),
    "terminated": ("task-started", "task-revoked"),
    "revoked before it began": ("task-revoked",),
    "lost after success": ("task-started", "task-succeeded", "task-progress"),
}


class _Life:
    """A task's events under construction: a clock that only advances, and who spoke."""

    def __init__(self, draw: st.DrawFn, skews: dict[str, float]) -> None:
        self.events: list[Event] = []
        self.number = 0
        self.name = "shop.order"
        self.parent_id: str | None = None
        self._draw = draw
        self._now = EPOCH
        self._skews = skews

    def tell(self, kind: str, hostname: str, **fields: Any) -> None:
        """Some milliseconds later, `hostname` says `kind`."""
        self._now += self._draw(st.integers(1, 5_000)) / 1_000
        timestamp = self._now + self._skews.get(hostname, 0.0)
        clock = len(self.events) + 1
        self.events.append(
            Event(
                type=kind, timestamp=timestamp, hostname=hostname, uuid=UUID, clock=clock, **fields
            )
        )

    def describe(self, kind: str, hostname: str, **fields: Any) -> None:
        """The same for the two kinds that describe the task."""
        self.tell(
            kind,
            hostname,
            name=self.name,
            args=f"({self.number},)",
            kwargs="{}",
            retries=self.number,
            root_id=UUID,
            parent_id=self.parent_id,
            **fields,
        )

    def send(self, hostname: str) -> None:
        self.describe("task-sent", hostname, queue="mail", exchange="", routing_key="mail")

    def resend(self) -> None:
        """A retry or a replacement: the pool's child sends it, with the task as its parent."""
        self.parent_id = UUID
        self.send(f"gen{self._draw(st.integers(200, 203))}@client")

    def retry(self, worker: str, next_worker: str) -> None:
        """A pool of processes receives the retry before it tells of it, a solo one after."""
        self.number += 1
        self.resend()
        is_early = self._draw(st.booleans())
        if is_early:
            self.describe("task-received", next_worker)
        self.number -= 1
        self.end("task-retried", worker)
        self.number += 1
        if not is_early:
            self.describe("task-received", next_worker)

    def end(self, kind: str, worker: str) -> None:
        fields: dict[str, Any] = {}
        if kind == "task-succeeded":
            fields = {"result": f"'{self.number}'", "runtime": 0.25}
        elif kind in {"task-failed", "task-retried"}:
            fields = {"exception": f"Declined({self.number})", "traceback": "Traceback: Declined"}
        elif kind == "task-revoked":
            fields = {"terminated": True, "signum": 15, "expired": False}
        elif kind == "task-rejected":
            fields = {"requeue": False}
        self.tell(kind, worker, **fields)


@st.composite
def lifelike(
    draw: st.DrawFn, *, redelivery: bool = False, skew: bool = False, whole: bool = False
) -> tuple[Event, ...]:
    """One task's events, in the order in which they happen, up to any moment of its life, or
    `whole`.

    `redelivery`: the broker may deliver an attempt twice. `skew`: the nodes' clocks differ.
    """
    skews = {node: draw(st.integers(-60, 60)) * 1.0 for node in WORKERS} if skew else {}
    life = _Life(draw, skews)
    life.send(CLIENT)
    retries = draw(st.integers(0, 3))
    is_replaced = draw(st.booleans())
    worker = draw(st.sampled_from(WORKERS))
    life.describe("task-received", worker)
    for _ in range(retries):
        life.tell("task-started", worker)
        life.retry(worker, next_worker := draw(st.sampled_from(WORKERS)))
        worker = next_worker
    if is_replaced:
        life.tell("task-started", worker)
        life.name = "shop.other"
        life.resend()
        life.describe("task-received", worker)
    if redelivery and draw(st.booleans()):
        life.tell("task-started", worker)
        worker = draw(st.sampled_from(WORKERS))
        life.describe("task-received", worker)
    for kind in OUTCOMES[draw(st.sampled_from(sorted(OUTCOMES)))]:
        life.end(kind, worker)
    return tuple(life.events if whole else life.events[: draw(st.integers(1, len(life.events)))])


_KINDS = (*TASK_RANK, "task-progress", "task-cancelled")


@st.composite
def wild(draw: st.DrawFn) -> Event:
    """An event that need not make sense, from so small a world that ties are frequent."""
    kind = draw(st.sampled_from(_KINDS))
    return Event(
        type=kind,
        timestamp=EPOCH + draw(st.integers(0, 6)),
        hostname=draw(st.sampled_from(WORKERS)),
        uuid=UUID,
        clock=draw(st.sampled_from((None, 1, 2))),
        retries=draw(st.sampled_from((None, 0, 1, 2))),
        name=draw(st.sampled_from((None, "a", "b"))),
        parent_id=draw(st.sampled_from((None, UUID, "p"))),
        exception=draw(st.sampled_from((None, "E()", "ExceptionWithTraceback()"))),
        runtime=draw(st.sampled_from((None, 0.5))),
        detail=draw(st.sampled_from((None, "{}"))),
    )


@st.composite
def crowds(draw: st.DrawFn) -> tuple[Event, ...]:
    """More events of one kind than a set keeps, with many ties among their times."""
    kind = draw(st.sampled_from(_KINDS))
    moments = draw(st.lists(st.integers(0, 90), min_size=50, max_size=140))
    crowd = [
        Event(
            type=kind,
            timestamp=EPOCH + moment // 2,
            hostname=WORKERS[moment % 2],
            uuid=UUID,
            clock=index,
        )
        for index, moment in enumerate(moments)
    ]
    return (*crowd, *draw(st.lists(wild(), max_size=5)))


@st.composite
def answers(draw: st.DrawFn) -> tuple[Event, ...]:
    """What a backend and workers may say of a task when they are asked, in no order."""
    said: list[Event] = []
    for kind in draw(st.lists(st.sampled_from(sorted(RECONCILED_RANK)), min_size=1, max_size=6)):
        source: Source = draw(st.sampled_from(("backend", "worker")))
        is_unknown = kind == UNKNOWN_FACT
        said.append(
            Event(
                type=kind,
                timestamp=EPOCH + draw(st.integers(0, 20)),
                hostname=draw(st.sampled_from(("", *WORKERS))),
                uuid=UUID,
                name=draw(st.sampled_from((None, "shop.answered"))),
                args=draw(st.sampled_from((None, "(9,)"))),
                processed=draw(st.integers(0, 12)) if is_unknown else None,
                detail=detail_of(
                    Provenance(source=source, at=EPOCH, why="not-found" if is_unknown else None)
                ),
            )
        )
    return tuple(said)
