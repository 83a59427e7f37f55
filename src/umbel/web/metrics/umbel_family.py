"""Our own metrics of one cluster: whether its history is current and whole, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, get_args

from umbel import __version__
from umbel.services.alerts.alerts import SEVERITIES
from umbel.services.health.liveness import State, recording
from umbel.services.ingest.collector_totals import MALFORMED, SPANS, TOTALS
from umbel.services.metric_options import OFFLINE_S
from umbel.services.query_times import LATENCY_BOUNDS
from umbel.web.metrics.exposition import Family, Histogram, HistogramSample, Metric, Sample
from umbel.web.metrics.scrape import Scrape

_SUMMARIES: Final = {
    "events": ("umbel_events", "Events that were stored, those delivered again included."),
    "messages": ("umbel_messages", "Messages of the broker that were stored."),
    "shed": ("umbel_shed_messages", "Messages that were left out because memory was full."),
    "reconnections": ("umbel_reconnections", "Connections to the broker after the first."),
}


def umbel_family(scrape: Scrape) -> Iterator[Family]:
    """In the order of the documentation."""
    yield from _liveness(scrape)
    yield from _collecting(scrape)
    yield Metric("umbel_queue_paused", "gauge", "1 for each queue that somebody paused.",
                 scrape.labels.summed(
                     (scrape.labels.text(("queue", "queue", name)), 1)
                     for name in scrape.paused_queues
                 ))  # fmt: skip
    yield from _alerts(scrape)
    yield from _store(scrape)
    yield from _queries(scrape)


def _liveness(scrape: Scrape) -> Iterator[Metric]:
    status, text = scrape.status, scrape.labels.text
    yield _gauge("umbel_info", "The version of Umbel.", text((None, "version", __version__)), 1)
    yield Metric("umbel_live", "gauge", "1 for what the history is now, 0 for the others.", [
        Sample(text((None, "state", state)), float(state == status.live.state))
        for state in get_args(State)
    ])  # fmt: skip
    if status.live.lag_s is not None:
        yield _gauge("umbel_lag_seconds", "How far the history is behind, seconds.", text(),
                     status.live.lag_s)  # fmt: skip
    now_recording = {each.collector for each in recording(status.collectors, status.now)}
    yield _gauge("umbel_collectors_recording", "Collectors that hear the broker and store it.",
                 text(), len(now_recording))  # fmt: skip
    yield Metric("umbel_collector_up", "gauge", "Whether a collector records (1) or not (0).", [
        Sample(text((None, "collector", each.collector)), float(each.collector in now_recording))
        for each in status.collectors
        if each.ended is None and status.now - each.at <= OFFLINE_S
    ])  # fmt: skip


def _collecting(scrape: Scrape) -> Iterator[Metric]:
    text, totals, since = scrape.labels.text, scrape.counted.totals, scrape.totals_since
    for key in TOTALS:
        name, summary = _SUMMARIES[key]
        yield Metric(name, "counter", summary, [Sample(text(), totals.get(key, 0), since)])
    yield Metric("umbel_malformed", "counter", "Messages and events that could not be read.", [
        Sample(text((None, "reason", key.removeprefix(MALFORMED))), count, since)
        for key, count in totals.items() if key.startswith(MALFORMED)
    ])  # fmt: skip
    yield Metric("umbel_spans", "counter", "Spans of attempts, by what became of them.", [
        Sample(text((None, "outcome", key.removeprefix(SPANS))), count, since)
        for key, count in totals.items() if key.startswith(SPANS)
    ])  # fmt: skip
    lost = max((each.lost for each in scrape.status.collectors), default=0)
    yield Metric("umbel_lost_tasks", "counter",
                 "Tasks that workers began and of which nobody heard, as far as they count them.",
                 [Sample(text(), lost)])  # fmt: skip
    yield _gauge("umbel_gaps", "Gaps of the history in which events may be missing.", text(),
                 len(scrape.gaps))  # fmt: skip
    yield _gauge("umbel_gaps_seconds", "How long these are together, seconds.", text(),
                 sum(scrape.gaps))  # fmt: skip


def _alerts(scrape: Scrape) -> Iterator[Metric]:
    found, text = scrape.alerts, scrape.labels.text
    if found is None:
        return
    yield Metric("umbel_alerts", "gauge", "Alerts that fire, or are pending.", [
        Sample(text((None, "state", state), (None, "severity", severity)), of.get(severity, 0))
        for state, of in (("firing", found.firing), ("pending", found.pending))
        for severity in SEVERITIES
    ])  # fmt: skip
    yield Metric("umbel_alert_rules", "gauge", "Rules of alerts, by what they say now.", [
        Sample(text((None, "answer", answer)), count) for answer, count in found.rules.items()
    ])  # fmt: skip
    yield _gauge("umbel_alert_messages_waiting", "Messages about alerts that are to be delivered.",
                 text(), found.waiting)  # fmt: skip
    yield _gauge("umbel_alert_messages_undelivered",
                 "Messages about alerts that a notifier did not take, as Alerts lists them.",
                 text(), found.undelivered)  # fmt: skip


def _store(scrape: Scrape) -> Iterator[Metric]:
    store, text = scrape.status.store, scrape.labels.text
    yield _gauge("umbel_store_tasks", "Tasks of the history.", text(), store.tasks)
    yield _gauge("umbel_store_bytes", "What the history takes on disk, bytes.", text(),
                 store.size_bytes)  # fmt: skip
    yield _gauge("umbel_store_partitions", "Files of tasks.", text(), store.partitions)
    yield _gauge("umbel_store_unindexed_tasks", "Tasks that searches for text still scan.", text(),
                 store.unindexed)  # fmt: skip
    yield _gauge("umbel_store_damaged_parts", "Parts that cannot be read.", text(),
                 len(store.damaged))  # fmt: skip
    if store.oldest is not None:
        yield _gauge("umbel_store_oldest_timestamp_seconds",
                     "When the oldest task was first seen, Unix seconds.", text(),
                     store.oldest)  # fmt: skip
    if scrape.samples.last is not None:
        yield _gauge("umbel_samples_last_timestamp_seconds",
                     "When queues and workers were sampled last, Unix seconds.", text(),
                     scrape.samples.last)  # fmt: skip
    yield _gauge("umbel_samples_bytes", "What samples take on disk, bytes.", text(),
                 scrape.samples.bytes)  # fmt: skip


def _queries(scrape: Scrape) -> Iterator[Histogram]:
    yield Histogram("umbel_query_duration_seconds", "How long the history took to answer.", [
        HistogramSample(scrape.labels.text((None, "operation", operation)), LATENCY_BOUNDS,
                        each.buckets, each.total_s)
        for operation, each in scrape.query_times.items()
    ])  # fmt: skip


def _gauge(name: str, summary: str, labels: str, value: float) -> Metric:
    return Metric(name, "gauge", summary, [Sample(labels, value)])
