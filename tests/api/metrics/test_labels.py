"""Labels of `/metrics` that settings leave out, and OpenMetrics for scrapers that ask for it."""

from __future__ import annotations

import re

import pytest

from tests.api.metrics.scene import HOST, counts, families, sendings, world_of
from tests.contract.stories import WORKER
from tests.support.exposition import labels
from umbel.services.metric_options import MetricOptions

pytestmark = pytest.mark.anyio


async def test_without_workers_tasks_are_summed_and_workers_counted() -> None:
    options = MetricOptions(frozenset({"worker"}))
    world = world_of(counts(), counts(worker="b@h"), sendings(), metric_options=options)

    found = await families(world)

    task = {"name": "shop.charge", "queue_name": "payments"}
    assert found["celery_task_received_total"].values() == {labels(**task): 6}
    assert found["celery_task_runtime"].values("_count") == {labels(**task): 4}
    assert found["celery_worker_up"].values() == {labels(): 1}
    assert found["flower_worker_online"].values() == {labels(): 1}
    received = labels(task="shop.charge", type="task-received")
    assert found["flower_events_total"].values()[received] == 6
    assert not any("hostname" in dict(key) for key in found["celery_task_failed_total"].values())


async def test_without_exceptions_all_failures_are_one() -> None:
    options = MetricOptions(frozenset({"exception"}))
    world = world_of(counts(failures={"A": 1}, events={"task-failed": 1}), metric_options=options)

    failed = (await families(world))["celery_task_failed_total"].values()

    assert failed == {labels(name="shop.charge", hostname=HOST, queue_name="payments"): 1}


async def test_how_long_an_offline_worker_stays_can_be_set() -> None:
    world = world_of(metric_options=MetricOptions(offline_s=0))
    world.clock.time += 3_600

    # While nothing is heard at all, no worker fell silent.
    assert labels(worker=WORKER) in (await families(world))["flower_worker_online"].values()


OPENMETRICS = {"accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"}


async def test_openmetrics_has_the_last_task_of_each_bucket() -> None:
    response = await world_of().get("/metrics", headers=OPENMETRICS)

    assert response.headers["content-type"].startswith("application/openmetrics-text")
    text = response.text
    assert text.endswith("# EOF\n")
    assert re.search(
        r'^celery_task_runtime_bucket\{.*le="0\.5"\} 2 # \{task_id="0123-a"\} 0\.45 \d+\.\d+$',
        text,
        re.MULTILINE,
    )
    assert re.search(r'^celery_task_queue_wait_time_bucket\{.*# \{task_id="0123-b"\}', text, re.M)
    assert "# TYPE celery_task_failed counter\n" in text
    assert "celery_task_failed_total{" in text
    assert "flower_events_created{" in text
    assert "# TYPE flower_events_created" not in text


async def test_openmetrics_tells_each_metric_once_and_after_its_head() -> None:
    text = (await world_of().get("/metrics", headers=OPENMETRICS)).text

    current, seen = "", set()
    for line in text.splitlines()[:-1]:
        head = re.match(r"# (?:HELP|TYPE) (\w+) ", line)
        if head:
            assert head[1] == current or head[1] not in seen
            current = head[1]
            seen.add(current)
        else:
            assert line.startswith(current), line


async def test_plain_text_has_no_examples() -> None:
    text = (await world_of().get("/metrics", headers={"accept": "text/plain"})).text

    assert "task_id" not in text
    assert "# EOF" not in text
