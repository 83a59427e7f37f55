"""When a broker is known to keep nothing for us."""

from __future__ import annotations

from umbel.broker.base import Health
from umbel.services.ingest.lag import PROBE_S, QUIET_S, UNSETTLED_BYTES, Drain

LOSSLESS = Health("connected", "amqp", since=100.0, lossless=True)
FLEETING = Health("connected", "redis", since=100.0)
AWAY = Health("connecting", "amqp", lossless=True)


def read(
    drain: Drain,
    now: float,
    health: Health = LOSSLESS,
    *,
    frames: int = 0,
    waited_s: float | None = None,
    unsettled_bytes: int = 0,
) -> None:
    waited_s = drain.timeout_s() if waited_s is None else waited_s
    drain.note(health, frames=frames, waited_s=waited_s, unsettled_bytes=unsettled_bytes, now=now)


def test_a_broker_that_keeps_messages_may_have_any_until_a_read_waits_in_vain() -> None:
    drain = Drain()
    read(drain, 100.0)
    assert drain.empty_at is None

    read(drain, 100.1, frames=9, waited_s=0.0)
    assert drain.empty_at is None

    read(drain, 100.2)
    assert drain.empty_at == 100.2
    assert drain.is_quiet


def test_a_broker_that_keeps_none_has_none_when_we_connect() -> None:
    drain = Drain()

    read(drain, 100.0, FLEETING)

    assert drain.empty_at == 100.0


def test_a_read_that_was_ended_early_tells_nothing() -> None:
    drain = Drain()
    read(drain, 100.0)

    read(drain, 100.1, waited_s=0.001)

    assert drain.empty_at is None


def test_a_source_that_may_read_no_more_does_not_say_that_there_is_none() -> None:
    drain = Drain()
    read(drain, 100.0)

    read(drain, 100.1, unsettled_bytes=UNSETTLED_BYTES)

    assert drain.empty_at is None
    assert not drain.is_quiet


def test_what_was_known_is_not_known_after_another_connection() -> None:
    drain = Drain()
    read(drain, 100.0)
    read(drain, 100.1)
    assert drain.is_quiet

    read(drain, 101.0, AWAY)
    read(drain, 102.0, Health("connected", "amqp", since=102.0, lossless=True))

    assert drain.empty_at is None
    assert not drain.is_quiet


def test_reads_wait_longer_once_nothing_comes() -> None:
    drain = Drain()
    assert drain.timeout_s() == QUIET_S

    read(drain, 100.0)
    assert drain.timeout_s() == PROBE_S

    read(drain, 100.1)
    assert drain.timeout_s() == QUIET_S

    read(drain, 100.2, frames=1)
    assert drain.timeout_s() == PROBE_S


def test_a_steady_stream_is_prompt_after_a_few_small_reads_and_a_backlog_is_not() -> None:
    drain = Drain()
    read(drain, 100.0)
    before = drain.is_prompt

    for at in (101, 102, 103):
        read(drain, at, frames=20, waited_s=0.0)
    steady = drain.is_prompt
    read(drain, 104.0, frames=2_000, waited_s=0.0)

    assert (before, steady, drain.is_prompt) == (False, True, False)
