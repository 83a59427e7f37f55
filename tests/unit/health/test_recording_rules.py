"""What is wrong with Umbel itself: not recording, behind, gaps, and room."""

from __future__ import annotations

import msgspec
import pytest

from tests.api.world import NOW as WORLD_NOW
from tests.api.world import collector
from tests.unit.health.examples import NOW, facts, found, only
from umbel.cluster.gaps import Cause
from umbel.services.health.assessment import assess, well
from umbel.services.health.facts import StorageFact
from umbel.services.health.findings import STARTING, blind
from umbel.services.health.liveness import Evidence, Liveness, judge
from umbel.store.base import DamagedPart, KeptGap, Retention


def live(**changes: object) -> Liveness:
    evidence = Evidence(now=WORLD_NOW, collectors=(collector(),))
    return judge(msgspec.structs.replace(evidence, **changes))


DAMAGED = DamagedPart(name="p1", sentence="p1 is damaged.")


@pytest.mark.parametrize(
    ("evidence", "rule", "severity"),
    [
        ({"collectors": ()}, "not-recording", "critical"),
        ({"collectors": (collector(broker="connecting"),)}, "not-recording", "critical"),
        ({"collectors": (collector(lag_s=30),)}, "collector-behind", "warning"),
        ({"collectors": (collector(lag_s=900),)}, "collector-behind", "critical"),
        ({"collectors": (collector(mute={"w": WORLD_NOW - 5}),)}, "events-off", "warning"),
        (
            {"collectors": (collector(recent_faults={"pickle": 500}, recent_events=9),)},
            "events-missed",
            "warning",
        ),
        ({"collectors": (collector(recent_shed=500),)}, "events-missed", "warning"),
        ({"damaged": (DAMAGED,)}, "store-damaged", "critical"),
    ],
)  # fmt: skip
def test_what_the_band_says_is_a_finding_and_never_well(
    evidence: dict[str, object], rule: str, severity: str
) -> None:
    judged = live(**evidence)

    one = only(rule, live=judged)

    assert one.severity == severity
    assert one.sentence.startswith(judged.troubles[0].sentence)
    assert well(facts(live=judged), assess(facts(live=judged))) is None


def test_events_that_are_off_can_be_enabled_unless_that_is_not_offered() -> None:
    mute = (collector(mute={"w": WORLD_NOW - 5}),)

    request = only("events-off", live=live(collectors=mute)).action.request

    assert request is not None
    assert (request.action, request.workers) == ("enable_events", ["w"])
    off = only("events-off", live=live(collectors=mute, offers_events=False))
    assert off.action.kind == "link"


def gap(ended_ago: float, long_s: float) -> KeptGap:
    return KeptGap(
        start=NOW - ended_ago - long_s, end=NOW - ended_ago, cause="broker-away", collector="c"
    )


def test_gaps_of_the_time_looked_at_are_a_notice() -> None:
    one = only("history-gap", gaps=(gap(600, 120), gap(9_000, 500)))

    assert one.severity == "notice"
    assert one.sentence == (
        "About 2 min of events may be missing, until 10 min ago: the broker was out of reach."
    )
    assert found("history-gap", gaps=(gap(600, 5),)) == ()
    assert found("history-gap", gaps=(gap(9_000, 500),)) == ()
    assert found("history-gap", gaps=(gap(9_000, 500),), since=NOW - 86_400)


def test_every_cause_of_a_gap_has_its_words() -> None:
    causes: list[Cause] = ["broker-restarted", "collector-paused"]
    gaps = tuple(msgspec.structs.replace(gap(60, 60), cause=cause) for cause in causes)

    assert "and" in only("history-gap", gaps=gaps).sentence


DAY = 86_400.0


def storage(**changes: object) -> StorageFact:
    given = StorageFact(
        tasks=1_000, size_bytes=19_000_000_000, oldest=NOW - 6 * DAY,
        bounds=Retention(max_age_s=30 * DAY, max_bytes=20_000_000_000),
        free_bytes=200_000_000_000, disk_bytes=400_000_000_000,
    )  # fmt: skip
    return msgspec.structs.replace(given, **changes)


def test_a_history_that_loses_tasks_before_their_time() -> None:
    one = only("store-near-its-bound", storage=storage())

    assert one.severity == "notice"
    assert one.sentence == (
        "The history has 19.0 GB of the 20.0 GB that it may have (retention.max_size), so that it "
        "goes back 6 days instead of 30 days."
    )


def test_a_full_history_that_reaches_back_as_far_as_it_should_is_well() -> None:
    assert found("store-near-its-bound", storage=storage(oldest=NOW - 29 * DAY)) == ()
    assert found("store-near-its-bound", storage=storage(size_bytes=10_000_000_000)) == ()
    assert found("store-near-its-bound", storage=StorageFact()) == ()


def test_a_disk_that_is_nearly_full() -> None:
    room = {"size_bytes": 1_000_000_000, "disk_bytes": 100_000_000_000}

    low = only("store-near-its-bound", storage=storage(free_bytes=9_000_000_000, **room))
    full = only("store-near-its-bound", storage=storage(free_bytes=2_000_000_000, **room))

    assert (low.severity, low.sentence) == (
        "warning", "The disk of the history has 9.0 GB free of 100.0 GB."
    )  # fmt: skip
    assert full.severity == "critical"


def test_little_free_on_a_large_disk_is_enough_for_a_small_history() -> None:
    small = storage(
        size_bytes=1_000_000_000, bounds=Retention(max_bytes=2_000_000_000),
        free_bytes=9_000_000_000, disk_bytes=100_000_000_000,
    )  # fmt: skip

    assert found("store-near-its-bound", storage=small) == ()


def test_a_server_that_has_just_started_frightens_nobody() -> None:
    starting = Liveness("blind", None, STARTING, (blind(STARTING, None),))

    (one,) = assess(facts(live=starting))

    assert (one.severity, one.sentence) == ("warning", STARTING)
