"""What is told as lost never exceeds what was, whatever happens to worker and collector."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.ingest.test_loss import Kept, beat, started
from umbel.cluster.events import Event
from umbel.services.ingest.loss import LossEstimate

#: One moment of a worker's life: how many tasks it begins, and what becomes of what it says.
#: `lost`: nobody listens; `untold`: tasks with send_events=False; `killed`: the collector, after
#: what it had stored; `again`: the last messages come once more; `restarted`: the worker, with
#: its old pid.
Step = tuple[str, int]


def steps(*kinds: str) -> st.SearchStrategy[list[Step]]:
    return st.lists(
        st.tuples(st.sampled_from(kinds), st.integers(min_value=0, max_value=20)), max_size=30
    )


@given(
    steps=steps("told", "lost", "killed", "again", "restarted", "reconnected"),
    overtaken=st.booleans(),
)
def test_no_loss_is_invented(steps: list[Step], overtaken: bool) -> None:
    world = World(overtaken)
    for kind, count in steps:
        world.step(kind, count)
        assert world.estimate.lost <= world.lost
        assert world.saved.again().lost <= world.lost


@given(steps=steps("told", "untold", "restarted"), overtaken=st.booleans())
def test_tasks_that_send_no_events_are_no_loss(steps: list[Step], overtaken: bool) -> None:
    world = World(overtaken)
    for kind, count in steps:
        world.step(kind, count)
    assert world.estimate.lost == 0


@given(counts=st.lists(st.integers(min_value=1, max_value=20), min_size=1, max_size=10))
def test_what_was_lost_to_kills_is_told_in_full(counts: list[int]) -> None:
    world = World(overtaken=False)
    world.step("told", 5)
    for count in counts:
        world.step("lost", count)
        world.estimate = world.saved.again()
        for _ in range(4):
            world.step("told", 1)

    assert world.estimate.lost == sum(counts)
    assert world.saved.again().lost == sum(counts)


class World:
    """A worker with one process, a collector, and a store."""

    def __init__(self, overtaken: bool) -> None:
        self.saved = Kept()
        self.estimate = LossEstimate()
        self.processed = self.lost = 0
        self.now = 1_795_000_000.0
        self.overtaken = overtaken
        self.recent: list[Event] = []

    def step(self, kind: str, count: int) -> None:
        self.now += 2
        if kind == "restarted":
            self.processed = 0
        self.processed += count
        begun = started(count, at=self.now - 0.5)
        beats = [beat(self.processed, at=self.now)]
        if kind == "lost":
            self.lost += count
            self.estimate.interrupt()
        elif kind == "untold":
            self.hear(beats)
        else:
            # A heartbeat may overtake the events that its worker still buffers.
            self.hear([*beats, *begun] if self.overtaken else [*begun, *beats])
        if kind == "killed":
            self.estimate = self.saved.again()
        if kind in ("reconnected", "again"):
            self.estimate.interrupt()
        if kind == "again":
            self.hear(list(self.recent))

    def hear(self, events: list[Event]) -> None:
        self.estimate.see(events)
        self.recent = [*self.recent, *events][-40:]
        self.saved.keep(self.estimate)
