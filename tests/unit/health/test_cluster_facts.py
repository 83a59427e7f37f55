"""What workers say of themselves and of the broker, as facts."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest

from tests.contract.stories import heartbeat
from tests.unit.health.examples import NOW, depths, queue
from umbel.cluster.worker import Worker, observe
from umbel.services.cluster.inspection import InspectAnswers
from umbel.services.health.cluster_facts import acks_late, maybe_stuck, visibility_timeout_s
from umbel.services.health.queue_facts import consumers_of, queues_by_worker, worth_a_line
from umbel.services.health.sampled_readings import Depth
from umbel.services.health.worker_status import WorkerStatus


@pytest.mark.parametrize(
    ("counted", "workers", "missing", "consumers"),
    [
        (3, ("a",), False, 3),
        (None, ("a", "b"), True, 2),
        (0, ("a",), False, 1),  # the broker counts late
        (0, None, True, 0),
        (None, (), False, 0),
        (None, (), True, None),  # one that did not answer may
        (None, None, False, None),
    ],
)
def test_nobody_consumes_a_queue_only_if_all_said_so(
    counted: int | None, workers: tuple[str, ...] | None, missing: bool, consumers: int | None
) -> None:
    assert consumers_of(counted, workers, has_missing=missing) == consumers


def test_what_each_worker_consumes() -> None:
    assert queues_by_worker({"mail": ("w1",), "etl": ("w1", "w2")}) == {
        "w1": ("mail", "etl"),
        "w2": ("etl",),
    }


def confs(**by_worker: object) -> InspectAnswers:
    return InspectAnswers(what="conf", at=0.0, values=by_worker)


def test_the_visibility_timeout_is_that_of_the_workers_or_of_the_transport() -> None:
    given = {"broker_transport_options": {"visibility_timeout": 600}, "task_acks_late": True}
    odd: dict[str, object] = {"broker_transport_options": {"visibility_timeout": "x"}}

    assert visibility_timeout_s(confs(a=given, b={}), "redis") == 600
    assert visibility_timeout_s(confs(a=odd), "redis") == 3_600
    assert visibility_timeout_s(confs(a=None), "sqs") == 1_800
    assert visibility_timeout_s(confs(a=given), "amqp") is None
    assert visibility_timeout_s(confs(), "redis") is None
    assert acks_late(confs(a={}, b=given))
    assert not acks_late(confs(a=msgspec.UNSET))


def beating(name: str, *counts: int, active: int = 0) -> tuple[Worker, WorkerStatus]:
    worker: Worker | None = None
    for number, count in enumerate(counts):
        at = NOW - 20 + 2 * number
        worker = observe(worker, heartbeat(name, at, processed=count, active=active), at)
    assert worker is not None
    return worker, WorkerStatus("online")


def test_lines_are_read_of_workers_that_begin_nothing_while_a_queue_of_theirs_grows() -> None:
    judged = [
        beating("busy", 5, 5, 5, active=4),
        beating("moves", 5, 6, 7),
        beating("idle", 5, 5, 5),
        beating("elsewhere", 5, 5),
    ]
    consumed = {"busy": ("celery",), "moves": ("celery",), "idle": ("celery",)}

    grows = maybe_stuck(judged, consumed, [queue("celery", depths(1, 9))])

    assert grows == ["idle", "busy"]
    assert maybe_stuck(judged, consumed, [queue("celery", depths(9, 1))]) == []


def worth(**queues: tuple[int | None, int, int | None, float | None]) -> set[str]:
    found: Mapping[str, Depth] = {
        name: Depth(
            readings=tuple(
                msgspec.structs.replace(each, oldest_s=oldest_s)
                for each in depths(ready, consumers=consumers)
            ),
            before=before,
        )
        for name, (before, ready, consumers, oldest_s) in queues.items()
    }
    return worth_a_line(found, {name: each.now for name, each in found.items()})


def test_lines_are_read_of_queues_that_may_be_worth_a_sentence() -> None:
    assert worth(
        empty=(5, 0, 0, 0),
        shrinks=(9, 5, 1, 10.0),
        grows=(1, 9, 1, 10.0),
        new=(None, 2, 1, None),
        lost=(9, 9, 0, None),
        unknown=(9, 9, None, None),
        old=(9, 9, 1, 100.0),
    ) == {"grows", "new", "lost", "unknown", "old"}


def test_lines_are_read_of_so_many_queues_at_most() -> None:
    many = {f"q{n}": (0, n + 1, n % 2, 100.0) for n in range(500)}

    assert 40 <= len(worth(**many)) <= 80
