"""The gaps of a collector: its connection's, and its own absence, with their causes."""

from __future__ import annotations

import msgspec

from tests.api.world import NOW, collector
from umbel.broker.base import Missed, SourceHealth, StreamHealth
from umbel.cluster.gaps import Cause, Gap
from umbel.services.ingest.gaps import Gaps
from umbel.services.ingest.other_collectors import OtherCollectors
from umbel.store.base import CollectorStatus

ALONE = OtherCollectors("c")
EARLIER = collector(collector="c", at=NOW - 60)
REDIS = SourceHealth("connected", "redis", since=NOW)
RABBIT = SourceHealth("connected", "amqp", since=NOW, lossless=True, keeps_s=3_600.0)


def absence(earlier: CollectorStatus, health: SourceHealth) -> list[tuple[float, float, Cause]]:
    gaps = Gaps("c")
    gaps.look_back(earlier)
    return [(gap.start - NOW, gap.end - NOW, gap.cause) for gap in gaps.new(health, ALONE)]


def test_who_was_away_from_redis_has_missed_that_time() -> None:
    missed = msgspec.structs.replace(REDIS, missed=Missed("broker-away"))

    assert absence(EARLIER, missed) == [(-60, 0, "collector-away")]


def test_what_rabbitmq_kept_was_not_missed() -> None:
    assert absence(EARLIER, RABBIT) == []


def test_what_rabbitmq_did_not_keep_is_told_with_its_cause() -> None:
    restarted = msgspec.structs.replace(RABBIT, missed=Missed("broker-restarted", NOW - 20))

    assert absence(EARLIER, restarted) == [(-60, -20, "broker-restarted")]


def test_what_waited_too_long_at_rabbitmq_is_a_gap_until_what_is_left() -> None:
    long_ago = collector(collector="c", at=NOW - 7_200)

    assert absence(long_ago, RABBIT) == [(-7_200, -3_600, "queue-expired")]


def test_what_came_since_the_copy_was_made_that_is_restored_was_missed_on_rabbitmq() -> None:
    copied = msgspec.structs.replace(EARLIER, is_copied=True)

    assert absence(copied, RABBIT) == [(-60, 0, "copy-restored")]
    assert absence(copied, REDIS) == [(-60, 0, "collector-away")]
    assert absence(copied, streamed(True)) == []


def test_a_restored_copy_is_one_until_the_broker_was_heard() -> None:
    gaps = Gaps("c")
    gaps.look_back(msgspec.structs.replace(EARLIER, is_copied=True))

    list(gaps.new(SourceHealth("connecting", "amqp", lossless=True), ALONE))
    before = gaps.is_after_copy
    list(gaps.new(RABBIT, ALONE))

    assert (before, gaps.is_after_copy) == (True, False)


def streamed(covered: bool | None, missed: Missed | None = None) -> SourceHealth:
    stream = StreamHealth("k", "1-0", behind=0, replaying=False, is_whole=True, covered=covered)
    return msgspec.structs.replace(REDIS, stream=stream, missed=missed)


def test_what_the_stream_had_was_not_missed() -> None:
    assert absence(EARLIER, streamed(True)) == []


def test_what_the_stream_had_no_more_is_a_gap_until_what_is_left() -> None:
    assert absence(EARLIER, streamed(True, Missed("queue-full", NOW - 20))) == [
        (-60, -20, "queue-full")
    ]


def test_where_somebody_writes_no_stream_the_absence_is_a_gap() -> None:
    assert absence(EARLIER, streamed(False)) == [(-60, 0, "collector-away")]


def test_an_absence_is_told_once_it_is_known_whether_the_stream_had_it() -> None:
    gaps = Gaps("c")
    gaps.look_back(EARLIER)

    assert list(gaps.new(streamed(None), ALONE)) == []
    assert [gap.cause for gap in gaps.new(streamed(False), ALONE)] == ["collector-away"]


def test_who_had_lost_the_broker_before_it_ended_says_both() -> None:
    cut_off = collector(collector="c", at=NOW - 60, broker="connecting", cut_off_since=NOW - 90)

    assert absence(cut_off, REDIS) == [(-90, -60, "broker-away"), (-60, 0, "collector-away")]


def test_a_gap_is_new_until_it_was_kept() -> None:
    gaps = Gaps("c")
    torn = msgspec.structs.replace(REDIS, gaps=(Gap(NOW - 5, NOW - 1, "broker-cut"),))

    first, again = list(gaps.new(torn, ALONE)), list(gaps.new(torn, ALONE))
    gaps.saved()

    assert [gap.cause for gap in first] == ["broker-cut"]
    assert again == first
    assert list(gaps.new(torn, ALONE)) == []
    assert gaps.last(20) == ((NOW - 5, NOW - 1),)


def test_nothing_is_known_of_an_absence_before_the_broker_answers() -> None:
    assert absence(EARLIER, SourceHealth("connecting", "redis")) == []


def test_a_run_that_never_heard_the_broker_hides_no_absence() -> None:
    """Killed again before it was connected: the absence began with the run before it."""
    second = Gaps("c")
    second.look_back(EARLIER)
    away_since = second.away_since
    reported = collector(
        collector="c", at=NOW - 20, started=NOW - 30, broker="connecting",
        cut_off_since=away_since,
    )  # fmt: skip

    assert away_since == NOW - 60
    assert absence(reported, REDIS) == [(-60, 0, "collector-away")]


def test_who_listened_while_it_stood_by_has_missed_nothing() -> None:
    gaps = Gaps("c")
    gaps.look_back(EARLIER, heard_from=NOW - 90)
    torn = msgspec.structs.replace(REDIS, gaps=(Gap(NOW - 95, NOW - 90),))

    assert gaps.new(torn, ALONE) == []


def test_what_was_forgotten_while_it_stood_by_is_a_gap() -> None:
    gaps = Gaps("c")
    gaps.look_back(EARLIER, heard_from=NOW - 20)

    (gap,) = gaps.new(REDIS, ALONE)
    assert (gap.start, gap.end, gap.cause) == (NOW - 60, NOW - 20, "collector-away")
