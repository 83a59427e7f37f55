"""Our own metrics: what Prometheus reads of history, collectors, store and requests."""

from __future__ import annotations

import msgspec
import pytest

from tests.api.metrics.scene import counts, families, keep, world_of
from tests.api.world import NOW, World, collector
from tests.support.exposition import labels
from tests.unit.control.scene import actor
from umbel import __version__
from umbel.store.alerts import Alert, AlertNotice, NewRule, RuleAnswer
from umbel.store.base import KeptGap
from umbel.web.metrics.requests import area_of

pytestmark = pytest.mark.anyio

NONE = labels()


async def test_the_version_and_whether_the_history_is_live_are_told() -> None:
    found = await families(world_of())

    assert found["umbel_info"].values() == {labels(version=__version__): 1}
    assert found["umbel_live"].values() == {
        labels(state="live"): 1,
        labels(state="partial"): 0,
        labels(state="behind"): 0,
        labels(state="blind"): 0,
    }
    assert found["umbel_lag_seconds"].values() == {NONE: 0.3}
    assert found["umbel_collectors_recording"].values() == {NONE: 1}
    assert found["umbel_collector_up"].values() == {labels(collector="eu-1:7"): 1}


async def test_a_collector_that_fell_silent_is_down_and_nothing_is_recorded() -> None:
    world = world_of()
    world.clock.time = NOW + 60

    found = await families(world)

    assert found["umbel_live"].values()[labels(state="blind")] == 1
    assert found["umbel_collectors_recording"].values() == {NONE: 0}
    assert found["umbel_collector_up"].values() == {labels(collector="eu-1:7"): 0}
    assert "umbel_lag_seconds" not in found


async def test_a_collector_that_ended_is_not_told_of() -> None:
    world = world_of()
    world.store.report(collector(collector="old", ended=NOW - 9))

    assert labels(collector="old") not in (await families(world))["umbel_collector_up"].values()


async def test_what_collectors_took_in_goes_on_over_their_restarts() -> None:
    world = world_of()
    totals = {"events": 90, "messages": 70, "shed": 3, "reconnections": 2, "malformed.json": 4}
    keep(world, counts(), totals=totals)
    world.store.report(collector(lost=5))

    found = await families(world)

    assert found["umbel_events_total"].values() == {NONE: 90}
    assert found["umbel_messages_total"].values() == {NONE: 70}
    assert found["umbel_shed_messages_total"].values() == {NONE: 3}
    assert found["umbel_reconnections_total"].values() == {NONE: 2}
    assert found["umbel_malformed_total"].values() == {labels(reason="json"): 4}
    assert found["umbel_lost_tasks_total"].values() == {NONE: 5}


async def test_alerts_rules_and_messages_are_counted() -> None:
    world = world_of()
    rule = world.services.alerts.rules.add(NewRule(name="A", condition="any finding"), actor()).rule
    off = NewRule(name="Off", condition="any finding", enabled=False)
    world.services.alerts.rules.add(off, actor())
    fires = Alert(
        id="a1", rule=rule.id, name="A", condition="any finding", severity="critical", subject="",
        phase="firing", since=NOW - 60, fired=NOW - 60, sentence="It is so.",
    )  # fmt: skip
    pending = msgspec.structs.replace(fires, id="a2", subject="x", phase="pending", fired=None)
    waits = AlertNotice(
        id="n1", kind="fired", notifier="gone", rule=rule.id, alerts=("a1",), severity="critical",
        title="", text="", link="", at=NOW, due=NOW,
    )  # fmt: skip
    answer = RuleAnswer(rule=rule.id, answer="cannot be known", sentence="", since=NOW, at=NOW)
    failed = msgspec.structs.replace(waits, id="n2", state="failed", trouble="No.", ended=NOW)
    world.ledger.keep_alerts([fires, pending], notices=[waits, failed], answers=[answer])

    found = await families(world)

    alerts = found["umbel_alerts"].values()
    assert len(alerts) == 6
    assert {each: count for each, count in alerts.items() if count} == {
        labels(state="firing", severity="critical"): 1,
        labels(state="pending", severity="critical"): 1,
    }
    assert found["umbel_alert_rules"].values() == {
        labels(answer="firing"): 0,
        labels(answer="cannot be known"): 1,
        labels(answer="not yet known"): 0,
        labels(answer="well"): 0,
    }
    assert found["umbel_alert_messages_waiting"].values() == {NONE: 1}
    assert found["umbel_alert_messages_undelivered"].values() == {NONE: 1}


async def test_gaps_and_the_store_are_told() -> None:
    world = world_of()
    gap = KeptGap(start=NOW - 90, end=NOW - 60, cause="collector-away", collector="eu")
    world.store.keep_gaps([gap])

    found = await families(world)

    assert found["umbel_gaps"].values() == {NONE: 1}
    assert found["umbel_gaps_seconds"].values() == {NONE: 30}
    assert found["umbel_store_tasks"].values() == {NONE: world.store.status().tasks}
    assert found["umbel_store_partitions"].values() == {NONE: 1}
    assert found["umbel_store_damaged_parts"].values() == {NONE: 0}
    assert found["umbel_samples_last_timestamp_seconds"].values()[NONE] > NOW - 60


async def test_queries_and_requests_are_timed() -> None:
    world = world_of()
    await world.get("/api/v1/tasks")
    await world.get("/api/v1/nothing")
    await world.get("/api/tasks")

    found = await families(world)

    queries = found["umbel_query_duration_seconds"].values("_count")
    assert queries[labels(operation="search")] >= 1
    requests = found["umbel_http_requests_total"].values()
    assert requests[labels(area="api", method="GET", code="200")] == 1
    assert requests[labels(area="api", method="GET", code="404")] == 1
    assert requests[labels(area="flower", method="GET", code="200")] == 1
    latency = found["umbel_http_request_duration_seconds"].values("_count")
    assert latency[labels(area="api")] == 2


@pytest.mark.parametrize(
    ("path", "area"),
    [
        ("/", "page"), ("/tasks", "page"), ("/api/v1/tasks", "api"), ("/api/v1", "api"),
        ("/api/tasks", "flower"), ("/metrics", "metrics"), ("/livez", "probe"),
        ("/c/eu/api/v1/tasks", "api"), ("/c/eu/metrics", "metrics"), ("/c/eu", "page"),
        ("/c/eu/", "page"), ("/assets/x.js", "page"),
    ],
)  # fmt: skip
async def test_requests_are_told_apart_by_what_they_are_for(path: str, area: str) -> None:
    assert area_of(path) == area


async def test_methods_that_nobody_knows_are_one() -> None:
    world = World()
    async with world.client() as client:
        await client.request("BREW", "/")
        await client.request("HTCPCP", "/")

    found = (await families(world))["umbel_http_requests_total"].values()

    assert {dict(each)["method"] for each in found} == {"GET", "other"}
