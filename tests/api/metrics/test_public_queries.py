"""Queries of the kind that public dashboards and alert rules have find what they ask for."""

from __future__ import annotations

import pytest

from tests.api.metrics.scene import families, world_of
from tests.support.exposition import parsed
from tests.support.promql import missing

pytestmark = pytest.mark.anyio

#: As in the dashboards and rules of celery-exporter's mixin.
CELERY_EXPORTER = [
    'sum(increase(celery_task_failed_total{job=~"celery|celery-exporter", name!~"None"}[10m]))'
    " by (job, namespace, name) / sum(increase(celery_task_succeeded_total"
    '{job=~"celery|celery-exporter", name!~"None"}[10m])) by (job, namespace, name) * 100 > 5',
    'celery_queue_length{job="celery", queue_name!~"ignored"} > 100',
    'celery_worker_up{job=~".*celery.*"} == 0',
    'count(celery_worker_up{job="$job"} == 1)',
    'sum(celery_worker_tasks_active{job="$job"})',
    'sum(round(increase(celery_task_received_total{job="$job", queue_name=~"$queue_name"}[1w])))',
    'sum(rate(celery_task_runtime_sum{job="$job", queue_name=~"$queue_name"}[1w])) by (name)'
    ' / sum(rate(celery_task_runtime_count{job="$job", queue_name=~"$queue_name"}[1w])) by (name)',
    'round(sum(increase(celery_task_failed_total{queue_name=~"$queue_name"}[1w])) '
    "by (job, exception) > 0)",
    "sum(celery_queue_length) by (job, queue_name)",
    "sum(celery_active_consumer_count) by (queue_name)",
    "sum(celery_active_worker_count) by (queue_name)",
    "sum(celery_active_process_count) by (queue_name)",
    "histogram_quantile(0.95, sum(irate(celery_task_runtime_bucket"
    '{name=~"$task", queue_name=~"$queue_name"}[$__rate_interval]) > 0) by (job, name, le))',
    "histogram_quantile(0.99, sum(rate(celery_task_queue_wait_time_bucket"
    '{queue_name=~"$queue"}[5m])) by (le))',
    *(
        f'sum(round(increase(celery_task_{kind}_total{{name=~"$task"}}[$__rate_interval]))) '
        "by (job, name, hostname)"
        for kind in (
            "sent", "received", "started", "succeeded", "failed", "retried", "rejected", "revoked",
        )
    ),
]  # fmt: skip
#: As in Flower's documentation, and in dashboards made for it.
FLOWER = [
    "flower_worker_online",
    'flower_worker_number_of_currently_executing_tasks{worker=~"$worker"}',
    'sum(increase(flower_events_total{task=~"$task", type="task-received"}[5m])) by (task)',
    '(sum(avg_over_time(flower_events_total{type="task-succeeded"}[15m])) by (task) / '
    'sum(avg_over_time(flower_events_total{type=~"task-failed|task-succeeded"}[15m])) by (task))',
    'flower_task_prefetch_time_seconds{task=~"$task", worker=~"$worker"}',
    'flower_worker_prefetched_tasks{task=~"$task", worker=~"$worker"}',
    "rate(flower_task_runtime_seconds_sum[5m]) / rate(flower_task_runtime_seconds_count[5m])",
    "histogram_quantile(0.9, sum(rate(flower_task_runtime_seconds_bucket"
    '{worker=~"$worker"}[10m])) by (task, le))',
    'sum(irate(flower_events_total{type="task-failed"}[1m])) by (worker)',
]


@pytest.mark.parametrize("query", [*CELERY_EXPORTER, *FLOWER])
async def test_a_public_query_finds_its_metrics_and_labels(query: str) -> None:
    assert missing(query, await families(world_of())) == []


async def test_a_query_for_what_is_not_there_is_noticed() -> None:
    text = '# TYPE celery_worker_up gauge\ncelery_worker_up{hostname="a"} 1\n'

    assert missing("celery_nothing_total", parsed(text)) == ["celery_nothing_total"]
    assert missing('celery_worker_up{host="a"}', parsed(text)) == ["celery_worker_up{host}"]
    assert missing("sum(celery_worker_up) by (queue)", parsed(text)) == ["by queue"]
