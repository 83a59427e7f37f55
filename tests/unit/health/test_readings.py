"""What queues and workers were like before, and what their facts say of now."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.contract.stories import heartbeat
from umbel.broker.base import Capabilities
from umbel.cluster.worker import SignOfLife, observe, witness
from umbel.services.cluster.inspection import InspectAnswers
from umbel.services.cluster.queue_inspection import QueueList, QueueRow
from umbel.services.health.cluster_facts import (
    ClusterReadings,
    acks_late,
    consumers_of,
    queues_by_worker,
    visibility_timeout_s,
)
from umbel.services.health.facts import QueueReading
from umbel.services.health.readings import REMEMBERED_S, SUBJECTS_MAX, Readings
from umbel.services.health.worker_status import WorkerStatus


def test_readings_are_remembered_for_an_hour() -> None:
    readings: Readings[QueueReading] = Readings()
    readings.add("mail", QueueReading(0.0, 1))
    readings.add("mail", QueueReading(10.0, 2))

    assert [each.ready for each in readings.add("mail", QueueReading(REMEMBERED_S + 5, 3))] == [
        2, 3,
    ]  # fmt: skip


def test_looks_that_follow_each_other_quickly_are_one_reading() -> None:
    readings: Readings[QueueReading] = Readings()
    for at in range(100):
        found = readings.add("mail", QueueReading(float(at), at))

    assert len(found) < 20
    assert found[-1].at == 99


def test_a_clock_that_was_set_back_begins_anew_and_names_are_bounded() -> None:
    readings: Readings[QueueReading] = Readings()
    readings.add("mail", QueueReading(1_000.0, 1))

    assert len(readings.add("mail", QueueReading(10.0, 2))) == 1
    for number in range(SUBJECTS_MAX):
        readings.add(f"q{number}", QueueReading(20.0, 1))
    assert len(readings.add("mail", QueueReading(30.0, 2))) == 1


@pytest.mark.parametrize(
    ("row", "missing", "consumers"),
    [
        ({"consumers": 3, "workers": ("a",)}, False, 3),
        ({"consumers": None, "workers": ("a", "b")}, True, 2),
        ({"consumers": 0, "workers": ("a",)}, False, 1),  # the broker counts late
        ({"consumers": 0, "workers": None}, True, 0),
        ({"consumers": None, "workers": ()}, False, 0),
        ({"consumers": None, "workers": ()}, True, None),  # one that did not answer may
        ({"consumers": None, "workers": None}, False, None),
    ],
)
def test_nobody_consumes_a_queue_only_if_all_said_so(
    row: dict[str, Any], missing: bool, consumers: int | None
) -> None:
    assert consumers_of(QueueRow(name="mail", ready=1, **row), has_missing=missing) == consumers


def listing(at: float, **workers: tuple[str, ...]) -> QueueList:
    rows = tuple(QueueRow(name=name, ready=4, workers=by) for name, by in workers.items())
    unknown = QueueRow(name="odd", trouble="no list")
    return QueueList(
        items=(*rows, unknown), capabilities=Capabilities("redis"), at=at, missing=(), more=0
    )


def test_a_queue_remembers_who_consumed_it() -> None:
    facts = ClusterReadings()
    facts.queues(listing(0.0, mail=("w1", "w2")))

    (mail,) = facts.queues(listing(10.0, mail=()))

    assert (mail.were, mail.workers) == (("w1", "w2"), ())
    assert [each.consumers for each in mail.readings] == [2, 0]
    assert queues_by_worker(listing(0.0, mail=("w1",), etl=("w1", "w2"))) == {
        "w1": ("mail", "etl"),
        "w2": ("etl",),
    }


def test_a_worker_has_what_it_counted_before() -> None:
    facts = ClusterReadings()
    for at, count in ((0.0, 5), (10.0, 5)):
        worker = observe(None, heartbeat("w", at, processed=count), at)
        worker = witness(worker, SignOfLife(hostname="w", heard=at, skew_s=2.0))
        (fact,) = facts.workers([(worker, WorkerStatus("online"))], {"w": ("mail",)}, at)

    assert [each.processed for each in fact.readings] == [5, 5]
    assert (fact.queues, fact.heard, fact.skews) == (("mail",), 10.0, ((10.0, 2.0),))


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
