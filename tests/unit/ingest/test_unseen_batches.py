"""While nobody looks a batch of many events waits longer, since that makes them cheaper."""

from __future__ import annotations

import msgspec

from tests.contract.stories import succeeded, uuid_of
from tests.support.clocks import SetClock
from umbel.broker.base import Frame
from umbel.redact.rules import USUAL
from umbel.services.ingest.commit import Committer, Limits
from umbel.services.ingest.event_counter import EventCounter
from umbel.services.ingest.event_redaction import EventRedactor
from umbel.services.ingest.frame_buffer import chunk_of
from umbel.store.memory import MemoryStore

NOW = 1_800_000_000.0
LIMITS = Limits(commit_every_s=0.4, unseen_times=3.5)


class Batch:
    """A batch that gathers events of so many tasks, and time that passes."""

    def __init__(self, tasks: int, limits: Limits = LIMITS) -> None:
        self.clock = SetClock(NOW)
        self.store = MemoryStore(clock=self.clock)
        redactor = EventRedactor(USUAL, self.store.tasks)
        counter = EventCounter(self.clock.monotonic())
        self.committer = Committer(self.store, counter, limits, self.clock, redactor)
        self.gather(tasks)

    def gather(self, tasks: int) -> None:
        """Events of so many tasks come."""
        events = [event for number in range(tasks) for event in succeeded(uuid_of(number), NOW)]
        frames = [Frame(msgspec.json.encode(event)) for event in events]
        self.committer.add(chunk_of(frames, NOW, came_at=self.clock.monotonic()))

    def due_after_s(self) -> float:
        """After how long it is due."""
        begun = self.clock.time
        while (left_s := self.committer.due_in_s()) != 0.0:
            assert left_s is not None
            self.clock.time += max(left_s, 0.001)
        return self.clock.time - begun


def test_many_events_wait_while_nobody_looks() -> None:
    assert 1.3 < Batch(tasks=100).due_after_s() < 1.5


def test_only_while_nobody_looks_more_of_it_is_read_without_hurry() -> None:
    seen, unseen = Batch(tasks=100), Batch(tasks=100)
    seen.store.note_look()
    was_unhurried = unseen.committer.is_unhurried
    for batch in (seen, unseen):
        batch.clock.time += 0.5
        batch.committer.due_in_s()

    assert not was_unhurried
    assert not seen.committer.is_unhurried
    assert unseen.committer.is_unhurried


def test_the_next_batch_is_read_without_hurry_from_its_beginning_until_somebody_looks() -> None:
    batch = Batch(tasks=100)
    batch.due_after_s()

    batch.committer.commit()
    assert batch.committer.is_unhurried

    batch.gather(tasks=100)
    batch.store.note_look()
    assert batch.due_after_s() < 0.5
    assert not batch.committer.is_unhurried


def test_the_next_batch_is_read_in_a_hurry_after_one_of_a_few_events() -> None:
    batch = Batch(tasks=100)
    batch.due_after_s()
    batch.committer.commit()

    batch.gather(tasks=5)
    assert batch.due_after_s() < 0.5
    assert not batch.committer.is_unhurried


def test_who_looks_sees_them_at_once() -> None:
    batch = Batch(tasks=100)
    batch.store.note_look()

    assert batch.due_after_s() < 0.5


def test_who_begins_to_look_waits_no_longer() -> None:
    batch = Batch(tasks=100)
    batch.clock.time += 0.7
    assert batch.committer.due_in_s()
    batch.store.note_look()

    assert batch.committer.due_in_s() == 0.0


def test_a_few_events_do_not_wait() -> None:
    assert Batch(tasks=5).due_after_s() < 0.5


def test_a_flood_does_not_wait() -> None:
    assert Batch(tasks=2_000).due_after_s() < 0.5


def test_nothing_waits_longer_than_it_was_told() -> None:
    """Who opens the events in Python has a batch of their own."""
    assert Batch(tasks=100, limits=Limits(commit_every_s=0.4)).due_after_s() < 0.5
