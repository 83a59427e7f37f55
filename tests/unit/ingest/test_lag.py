"""When a broker is known to keep nothing for us."""

from __future__ import annotations

from umbel.broker.base import SourceHealth
from umbel.services.ingest.lag import PROBE_S, QUIET_S, UNSETTLED_BYTES, LagBound

LOSSLESS = SourceHealth("connected", "amqp", since=100.0, lossless=True)
FLEETING = SourceHealth("connected", "redis", since=100.0)
AWAY = SourceHealth("connecting", "amqp", lossless=True)


def read(
    lag_bound: LagBound,
    now: float,
    health: SourceHealth = LOSSLESS,
    *,
    frames: int = 0,
    waited_s: float | None = None,
    unsettled_bytes: int = 0,
) -> None:
    waited_s = lag_bound.timeout_s() if waited_s is None else waited_s
    lag_bound.note(
        health, frames=frames, waited_s=waited_s, unsettled_bytes=unsettled_bytes, now=now
    )


def test_a_broker_that_keeps_messages_may_have_any_until_a_read_waits_in_vain() -> None:
    lag_bound = LagBound()
    read(lag_bound, 100.0)
    assert lag_bound.empty_at is None

    read(lag_bound, 100.1, frames=9, waited_s=0.0)
    assert lag_bound.empty_at is None

    read(lag_bound, 100.2)
    assert lag_bound.empty_at == 100.2
    assert lag_bound.is_quiet


def test_a_broker_that_keeps_none_has_none_when_we_connect() -> None:
    lag_bound = LagBound()

    read(lag_bound, 100.0, FLEETING)

    assert lag_bound.empty_at == 100.0


def test_a_read_that_was_ended_early_tells_nothing() -> None:
    lag_bound = LagBound()
    read(lag_bound, 100.0)

    read(lag_bound, 100.1, waited_s=0.001)

    assert lag_bound.empty_at is None


def test_a_source_that_may_read_no_more_does_not_say_that_there_is_none() -> None:
    lag_bound = LagBound()
    read(lag_bound, 100.0)

    read(lag_bound, 100.1, unsettled_bytes=UNSETTLED_BYTES)

    assert lag_bound.empty_at is None
    assert not lag_bound.is_quiet


def test_what_was_known_is_not_known_after_another_connection() -> None:
    lag_bound = LagBound()
    read(lag_bound, 100.0)
    read(lag_bound, 100.1)
    assert lag_bound.is_quiet

    read(lag_bound, 101.0, AWAY)
    read(lag_bound, 102.0, SourceHealth("connected", "amqp", since=102.0, lossless=True))

    assert lag_bound.empty_at is None
    assert not lag_bound.is_quiet


def test_reads_wait_longer_once_nothing_comes() -> None:
    lag_bound = LagBound()
    assert lag_bound.timeout_s() == QUIET_S

    read(lag_bound, 100.0)
    assert lag_bound.timeout_s() == PROBE_S

    read(lag_bound, 100.1)
    assert lag_bound.timeout_s() == QUIET_S

    read(lag_bound, 100.2, frames=1)
    assert lag_bound.timeout_s() == PROBE_S


def test_a_steady_stream_is_prompt_after_a_few_small_reads_and_a_backlog_is_not() -> None:
    lag_bound = LagBound()
    read(lag_bound, 100.0)
    before = lag_bound.is_prompt

    for at in (101, 102, 103):
        read(lag_bound, at, frames=20, waited_s=0.0)
    steady = lag_bound.is_prompt
    read(lag_bound, 104.0, frames=2_000, waited_s=0.0)

    assert (before, steady, lag_bound.is_prompt) == (False, True, False)
