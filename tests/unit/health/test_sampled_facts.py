"""Health knows what was sampled: after a restart, and on servers that sample nothing themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.api.world import SAYS, collector
from tests.contract.stories import WORKER, heartbeat
from tests.support.clocks import SetClock
from tests.support.memory_cluster import MemoryCluster, MemoryResults, MemoryWorker
from umbel.services.cluster_services import ClusterServices, make_services
from umbel.services.health.health_finding import HealthFinding
from umbel.store.memory import MemoryStore
from umbel.store.memory_ledger import MemoryLedger
from umbel.store.memory_samples import MemorySamples
from umbel.store.opening import open_samples
from umbel.store.samples import Samples, Values

NOW = 1_795_348_200.0
DAY = 86_400.0


class Sampled:
    """A cluster with one worker, of which some server keeps samples."""

    def __init__(self, samples: Samples) -> None:
        self.clock = SetClock(NOW)
        self.samples = samples
        self.store = MemoryStore()
        worker = MemoryWorker(WORKER)
        worker.says = {**SAYS, "active_queues": [{"name": "mail"}]}
        self.cluster = MemoryCluster(worker, missing={"consumers": "Ask the workers."})
        self.cluster.queues = {"mail": []}
        self.calls: Counter[str] = Counter()
        self.cluster.on_call = lambda name: self.calls.update([name])
        self.beat(5)
        self.open: list[ClusterServices] = []

    def beat(self, processed: int, active: int = 0) -> None:
        now = self.clock.now()
        self.store.apply([heartbeat(WORKER, now - 1, processed=processed, active=active)])
        self.store.report(
            collector(started=NOW - 9 * DAY, at=now, heard_at=now, connected_since=NOW - 9 * DAY)
        )

    def server(self) -> ClusterServices:
        """A server that has just started, and does not sample itself."""
        services = make_services(
            self.store, MemoryLedger(), self.cluster, MemoryResults(), self.clock,
            samples=self.samples, sample_every_s=10.0,
        )  # fmt: skip
        self.open.append(services)
        return services

    def keep_queue(self, ago_s: float, values: Values, name: str = "mail") -> None:
        self.samples.keep("queue", self.clock.now() - ago_s, {name: values})

    def keep_worker(self, ago_s: float, begun: int | None, running: int = 0) -> None:
        values = (0.1, running, running, begun, 4)
        self.samples.keep("worker", self.clock.now() - ago_s, {WORKER: values})

    def findings(self, services: ClusterServices | None = None) -> list[HealthFinding]:
        services = services or self.server()
        return list(services.health_findings.answer(budget_s=10.0).findings)


@pytest.fixture(params=["memory", "sqlite"])
def samples(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Samples]:
    with closing(MemorySamples() if request.param == "memory" else open_samples(tmp_path)) as each:
        yield each


@pytest.fixture
def sampled(samples: Samples) -> Iterator[Sampled]:
    made = Sampled(samples)
    yield made
    for services in made.open:
        services.close()


def grow(sampled: Sampled, *, for_s: int = 600, oldest_s: float | None = None) -> None:
    """Six messages more in each sample, up to now."""
    for ago_s in range(for_s, -1, -10):
        ready = 40 + (for_s - ago_s) * 6 // 10
        sampled.keep_queue(ago_s, (ready, ready, None, 1, oldest_s))


def test_a_server_that_has_just_started_knows_that_a_queue_grows(sampled: Sampled) -> None:
    grow(sampled)

    first, second = sampled.findings(), sampled.findings()

    assert [each.sentence for each in first] == [
        "mail has grown to 400 messages, by about 36 a minute for 10 min."
    ]
    assert first == second
    assert first[0].evidence is not None
    assert len(first[0].evidence.points) > 30


def test_the_broker_is_not_asked_for_what_was_sampled(sampled: Sampled) -> None:
    grow(sampled)

    sampled.findings()

    assert not sampled.calls.keys() & {"depths", "bound_queues"}


def test_workers_are_asked_what_they_consume_once_a_minute(sampled: Sampled) -> None:
    services = sampled.server()
    for _ in range(12):
        sampled.clock.time += 11
        sampled.beat(5)
        sampled.keep_queue(0, (3, 3, None, 1, None))
        sampled.findings(services)

    assert [each.name for each in sampled.cluster.commands].count("active_queues") == 2


@pytest.mark.parametrize("ago_s", [120.0, None])
def test_where_nobody_samples_the_broker_is_asked(sampled: Sampled, ago_s: float | None) -> None:
    if ago_s is not None:
        sampled.keep_queue(ago_s, (3, 3, None, 1, None))
    sampled.cluster.queues = {"lost": [None] * 4}  # type: ignore[list-item]
    sampled.cluster.configured = ("lost",)

    assert [each.sentence for each in sampled.findings()] == [
        "Nobody consumes lost, where 4 messages wait."
    ]


def test_what_was_asked_here_is_remembered_like_samples(sampled: Sampled) -> None:
    services = sampled.server()
    sampled.cluster.configured = ("mail",)
    for number in range(40):
        sampled.cluster.queues = {"mail": [None] * (40 + 10 * number)}  # type: ignore[list-item]
        sampled.clock.time += 11
        sampled.beat(5 + number)
        found = sampled.findings(services)

    assert [each.rule for each in found] == ["queue-growing"]


def test_after_an_action_the_broker_is_asked_anew(sampled: Sampled) -> None:
    grow(sampled)
    services = sampled.server()
    sampled.findings(services)
    sampled.cluster.configured = ("mail",)

    services.health_findings.forget()

    assert sampled.findings(services) == []


def test_the_oldest_message_is_compared_with_this_hour_of_the_days_before(
    sampled: Sampled,
) -> None:
    for day in range(5, 0, -1):
        for minutes in range(-40, 11, 10):
            ago_s = day * DAY - minutes * 60
            sampled.keep_queue(ago_s, (3, 3, None, 1, 20.0 + day))
        # What is so at other hours is not looked at.
        sampled.keep_queue(day * DAY - 6 * 3_600, (3, 3, None, 1, 9_000.0))
    for ago_s in (20, 10, 0):
        sampled.keep_queue(ago_s, (3, 3, None, 1, 300.0 - ago_s))

    (one,) = sampled.findings()

    assert (one.rule, one.since) == ("queue-older-than-usual", NOW - 300)
    assert one.sentence == (
        "The oldest message in mail has waited 5 min; at this hour of the days before it was 25 s "
        "at most."
    )


def test_a_worker_that_was_wedged_before_the_server_started_is_told_at_once(
    sampled: Sampled,
) -> None:
    grow(sampled)
    for ago_s in range(600, -1, -10):
        sampled.keep_worker(ago_s, 3 if ago_s > 400 else None if ago_s == 200 else 0)

    found = {each.rule: each for each in sampled.findings()}

    assert found["worker-wedged"].sentence.startswith(
        f"{WORKER} sends heartbeats, runs nothing and has started nothing for 7 min, while 400"
    )


def test_a_worker_is_not_called_wedged_across_a_time_of_which_nothing_is_known(
    sampled: Sampled,
) -> None:
    grow(sampled)
    for ago_s in [*range(600, 400, -10), *range(100, -1, -10)]:
        sampled.keep_worker(ago_s, 0)

    assert [each.rule for each in sampled.findings()] == ["queue-growing"]
