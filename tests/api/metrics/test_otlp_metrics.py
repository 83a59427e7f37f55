"""Metrics pushed as OTLP to a real receiver."""

from __future__ import annotations

from tests.api.metrics.scene import HOST, world_of
from tests.api.world import NOW
from tests.support.otlp_receiver import named, otlp_receiver
from umbel.services.telemetry.otlp_sender import OtlpSender
from umbel.web.metrics.otlp_metrics import OtlpMetrics


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
