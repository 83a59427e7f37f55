"""Metrics pushed as OTLP to a real receiver."""

from __future__ import annotations

import pytest

from tests.api.metrics.scene import HOST, world_of
from tests.api.world import NOW
from tests.support.otlp_receiver import named, otlp_receiver
from umbel.errors import StoreError
from umbel.services.telemetry.otlp_sender import OtlpSender
from umbel.web.metrics.otlp_metrics import OtlpMetrics
from umbel.web.metrics.requests import RequestCounts


def test_a_push_has_every_metric_with_its_labels_and_buckets() -> None:
    world = world_of()
    with otlp_receiver() as receiver:
        clusters = {"default": world.services}
        OtlpMetrics(clusters, OtlpSender(receiver.url, {}), "shop", 60.0).push()

    metrics = receiver.metrics()
    [received] = metrics["celery_task_received"]["sum"]["dataPoints"]
    assert metrics["celery_task_received"]["sum"]["isMonotonic"]
    assert received["asDouble"] == 3
    assert named(received["attributes"]) == {
        "name": "shop.charge",
        "hostname": HOST,
        "queue_name": "payments",
    }
    assert received["timeUnixNano"] == str(int(NOW) * 10**9)
    [runtime] = metrics["celery_task_runtime"]["histogram"]["dataPoints"]
    assert (runtime["count"], runtime["sum"]) == ("2", 0.9)
    assert len(runtime["bucketCounts"]) == len(runtime["explicitBounds"]) + 1
    assert metrics["umbel_lag_seconds"]["gauge"]["dataPoints"][0]["asDouble"] == 0.3


def test_what_the_server_counts_of_requests_is_pushed_too() -> None:
    world = world_of()
    counts = RequestCounts(world.clock)
    counts.add("api", "GET", 200, 0.01)
    with otlp_receiver() as receiver:
        sender = OtlpSender(receiver.url, {})
        OtlpMetrics({"default": world.services}, sender, "shop", 60.0, counts.families).push()

    [requests] = receiver.metrics()["umbel_http_requests"]["sum"]["dataPoints"]
    assert named(requests["attributes"]) == {"area": "api", "method": "GET", "code": "200"}
    assert "umbel_http_request_duration_seconds" in receiver.metrics()
    assert "umbel_cluster_readable" not in receiver.metrics()


def test_a_cluster_that_cannot_be_read_takes_no_other_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken, well = world_of(), world_of()

    def unreadable() -> None:
        raise StoreError("The file is damaged.")

    monkeypatch.setattr(broken.store, "workers", unreadable)
    with otlp_receiver() as receiver:
        clusters = {"broken": broken.services, "well": well.services}
        with pytest.raises(StoreError, match="damaged"):
            OtlpMetrics(clusters, OtlpSender(receiver.url, {}), "shop", 60.0).push()

    metrics = receiver.metrics()
    readable = metrics["umbel_cluster_readable"]["gauge"]["dataPoints"]
    assert {named(each["attributes"])["cluster"]: each["asDouble"] for each in readable} == {
        "broken": 0,
        "well": 1,
    }
    [lag] = metrics["umbel_lag_seconds"]["gauge"]["dataPoints"]
    assert named(lag["attributes"]) == {"cluster": "well"}
