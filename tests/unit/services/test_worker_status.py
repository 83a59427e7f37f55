"""Whether a worker is silent, or we are deaf."""

from __future__ import annotations

from tests.api.world import NOW, collector
from umbel.cluster.worker import Worker
from umbel.services.health.worker_status import recording_state, worker_status
from umbel.store.base import CollectorStatus

SILENT = Worker(hostname="w1@h", heartbeat=NOW - 60, freq=2.0)


def judged(worker: Worker, *collectors: CollectorStatus) -> tuple[str, float | None]:
    status, since = worker_status(worker, NOW, recording_state(collectors, NOW))
    return status, since


def test_without_a_heartbeat_it_is_silent_while_umbel_hears() -> None:
    assert judged(SILENT, collector()) == ("silent", None)


def test_while_the_broker_is_away_it_is_unknown_since_then() -> None:
    away = collector(broker="connecting", cut_off_since=NOW - 58)

    assert judged(SILENT, away) == ("unknown", NOW - 58)


def test_while_the_collector_is_dead_it_is_unknown_since_its_last_report() -> None:
    assert judged(SILENT, collector(at=NOW - 57)) == ("unknown", NOW - 57)


def test_while_the_disk_is_full_it_is_unknown_since_nothing_is_stored() -> None:
    full = collector(trouble="The disk is full.", lag_s=50.0)

    assert judged(SILENT, full) == ("unknown", NOW - 50)


def test_it_has_time_to_be_heard_again() -> None:
    assert judged(SILENT, collector(connected_since=NOW - 3)) == ("unknown", NOW - 60)
    assert judged(SILENT, collector(connected_since=NOW - 5)) == ("silent", None)


def test_while_catching_up_it_is_judged_by_what_was_read() -> None:
    assert judged(SILENT, collector(lag_s=58.0)) == ("unknown", NOW - 58)
    assert judged(SILENT, collector(lag_s=20.0)) == ("silent", None)


def test_who_said_goodbye_is_offline_and_who_was_just_heard_online() -> None:
    away = collector(broker="connecting", cut_off_since=NOW - 58)

    assert judged(Worker(hostname="w", heartbeat=NOW - 60, offline=NOW - 59), away)[0] == "offline"
    assert judged(Worker(hostname="w", heartbeat=NOW - 1), away)[0] == "online"
