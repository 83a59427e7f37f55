"""Signs of life: when workers lived, by our clock, though messages wait and clocks differ."""

from __future__ import annotations

from typing import Any

from umbel.cluster.events import Event
from umbel.cluster.worker import SignOfLife, Worker
from umbel.services.ingest.frame_buffer import Chunk
from umbel.services.ingest.signs_of_life import SignsOfLife, joined

NOW = 1_800_000_000.0


def beat(at: float, hostname: str = "w@h") -> Event:
    return Event(type="worker-heartbeat", timestamp=NOW + at, hostname=hostname, freq=2.0)


def told(kind: str, at: float, hostname: str = "w@h") -> Event:
    return Event(type=f"task-{kind}", timestamp=NOW + at, hostname=hostname, uuid="u")


def chunk(at: float, **how: Any) -> Chunk:
    return Chunk(
        frames=(), received_at=NOW + at, came_at=1_000.0 + at, size_bytes=0,
        empty_at=how.pop("empty_at", None), **how,
    )  # fmt: skip


def test_what_comes_promptly_tells_by_its_arrival_and_measures_the_clock() -> None:
    (sign,) = SignsOfLife().of([beat(3_600)], chunk(0, is_prompt=True))

    assert sign == SignOfLife(hostname="w@h", heard=NOW, skew_s=3_600, noted=NOW)


def test_so_does_what_comes_when_the_broker_was_just_seen_to_keep_nothing() -> None:
    (sign,) = SignsOfLife().of([beat(-5)], chunk(0, empty_at=999.0))

    assert (sign.heard, sign.skew_s) == (NOW, -5)


def test_a_worker_that_died_ten_minutes_ago_does_not_rise_with_the_backlog() -> None:
    (sign,) = SignsOfLife().of([beat(-600)], chunk(0))

    assert (sign.heard, sign.skew_s) == (NOW - 600, None)


def test_nor_does_one_whose_clock_was_known_to_be_ahead() -> None:
    known = Worker(hostname="w@h", skews=((NOW - 700, 3_600.0),))

    (sign,) = SignsOfLife([known]).of([beat(3_600 - 600)], chunk(0))

    assert sign.heard == NOW - 600


def test_what_waited_came_after_the_broker_kept_nothing_whatever_its_stamp() -> None:
    (sign,) = SignsOfLife().of([beat(-3_600)], chunk(0, empty_at=1_000.0 - 30))

    assert sign.heard == NOW - 30


def test_tasks_are_signs_of_their_workers_and_not_of_who_sent_them() -> None:
    events = [
        told("sent", 0, "gen1@client"),
        told("received", 0),
        told("progress", 0, "gen9@child"),
        told("succeeded", 0, "v@h"),
    ]

    signs = SignsOfLife().of(events, chunk(0, is_prompt=True))

    assert [(sign.hostname, sign.takes) for sign in signs] == [("w@h", True), ("v@h", False)]


def test_a_flood_of_tasks_gives_few_signs_and_each_heartbeat_one() -> None:
    life = SignsOfLife()

    given = [life.of([told("started", n / 10)], chunk(n / 10, is_prompt=True)) for n in range(50)]

    assert sum(map(len, given)) == 3
    assert life.of([beat(5)], chunk(5, is_prompt=True))


def test_a_batch_has_the_latest_sign_of_each_worker() -> None:
    signs: dict[str, SignOfLife] = {}
    took = SignOfLife(hostname="w@h", heard=NOW, takes=True)
    later = SignOfLife(hostname="w@h", heard=NOW + 1, skew_s=0.5)

    joined(signs, [took])
    joined(signs, [later])
    joined(signs, [took])

    assert signs == {"w@h": SignOfLife(hostname="w@h", heard=NOW + 1, takes=True, skew_s=0.5)}
