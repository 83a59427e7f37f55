"""How queues and workers were over time, in every place that keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.conftest import URLS
from umbel.store.opening import MEMORY, open_samples
from umbel.store.samples import SAMPLED_MAX, Line, Samples, Values

#: The beginning of a day.
NOON = 1_795_348_800.0
HOUR, DAY = 3_600.0, 86_400.0


@pytest.fixture(params=sorted(URLS))
def samples(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Samples]:
    opened = open_samples(URLS[request.param](tmp_path / "samples"), keep_s=3 * DAY)
    yield opened
    opened.close()


@pytest.fixture(params=sorted(URLS))
def two(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Samples, Samples]]:
    """One place as two processes have it; one in memory has one process."""
    url = URLS[request.param](tmp_path / "samples")
    first = open_samples(url)
    second = first if url == MEMORY else open_samples(url)
    yield first, second
    first.close()
    second.close()


def queue(
    depth: float | None, consumers: float | None = 2.0, oldest_s: float | None = None
) -> Values:
    return depth, depth, None, consumers, oldest_s


def worker(running: float, processed: float | None = None) -> Values:
    return 0.5, running, running, processed, 8.0


def only(lines: tuple[Line, ...]) -> tuple[tuple[int, Values], ...]:
    (line,) = lines
    return line.points


def test_what_was_kept_is_read(samples: Samples) -> None:
    samples.keep("queue", NOON + 3, {"mail": queue(4.0), "pay": queue(1.0, None)})
    samples.keep("queue", NOON + 13, {"mail": queue(6.0)})
    samples.keep("worker", NOON + 13, {"celery@a": worker(3.0)})

    found = samples.lines("queue", 0, NOON, NOON + 60)

    assert found.items == (
        Line("mail", ((int(NOON), queue(4.0)), (int(NOON) + 10, queue(6.0)))),
        Line("pay", ((int(NOON), queue(1.0, None)),)),
    )
    assert found.more == 0
    assert [line.name for line in samples.lines("worker", 0, NOON, NOON + 60).items] == ["celery@a"]


def test_nothing_is_there_before_anything_was_kept(samples: Samples) -> None:
    assert samples.lines("queue", 2, NOON - DAY, NOON).items == ()
    assert samples.size().last is None


def test_wider_buckets_have_mean_largest_sum_and_last(samples: Samples) -> None:
    for index, depth in enumerate((1.0, 9.0, 2.0)):
        samples.keep("queue", NOON + 10 * index, {"mail": queue(depth, depth, depth)})
        samples.keep("worker", NOON + 10 * index, {"a": worker(depth, 5.0)})
    after = NOON + 60
    samples.keep("queue", after, {"mail": queue(0.0)})
    samples.keep("worker", after, {"a": worker(0.0)})

    queues = only(samples.lines("queue", 1, NOON, after).items)
    workers = only(samples.lines("worker", 1, NOON, after).items)

    assert queues == ((int(NOON), (4.0, 9.0, None, 2.0, 9.0)),)
    assert workers == ((int(NOON), (0.5, 4.0, 9.0, 15.0, 8.0)),)


def test_a_bucket_that_is_not_over_is_read_as_far_as_it_is(samples: Samples) -> None:
    for second in range(0, 1_500, 10):
        samples.keep("queue", NOON + second, {"mail": queue(float(second))})

    found = only(samples.lines("queue", 2, NOON, NOON + 1_500).items)

    assert [(at - NOON, values[1]) for at, values in found] == [
        (0, 590.0),
        (600, 1_190.0),
        (1_200, 1_490.0),
    ]


def test_what_nobody_could_tell_is_left_out_of_means(samples: Samples) -> None:
    samples.keep("queue", NOON, {"mail": queue(4.0, None), "pay": queue(1.0)})
    samples.keep("queue", NOON + 10, {"mail": queue(None, None)})
    samples.keep("queue", NOON + 20, {"mail": queue(8.0, None), "pay": queue(1.0)})
    samples.keep("queue", NOON + 60, {"pay": queue(1.0)})

    found = samples.lines("queue", 1, NOON, NOON + 60).items

    assert found == (
        Line("mail", ((int(NOON), (6.0, 8.0, None, None, None)),)),
        Line("pay", ((int(NOON), queue(1.0)),)),
    )


def test_what_was_not_seen_has_no_point(samples: Samples) -> None:
    samples.keep("worker", NOON, {"a": worker(1.0)})
    samples.keep("worker", NOON + 10, {})
    samples.keep("worker", NOON + 20, {"a": worker(1.0)})

    assert [at - NOON for at, _ in only(samples.lines("worker", 0, NOON, NOON + 60).items)] == [
        0,
        20,
    ]


def test_a_second_sample_of_a_moment_is_joined_with_the_first(samples: Samples) -> None:
    samples.keep("worker", NOON + 1, {"a": worker(7.0, 2.0), "b": worker(1.0)})
    samples.keep("worker", NOON + 9, {"a": worker(3.0, 4.0)})

    found = samples.lines("worker", 0, NOON, NOON + 60).items

    assert found == (
        Line("a", ((int(NOON), (0.5, 3.0, 7.0, 6.0, 8.0)),)),
        Line("b", ((int(NOON), worker(1.0)),)),
    )


def test_those_that_are_named_are_read(samples: Samples) -> None:
    samples.keep("queue", NOON, {f"q{number}": queue(float(number)) for number in range(200)})

    found = samples.lines("queue", 0, NOON, NOON + 10, ["q7", "q150", "none"])

    assert [line.name for line in found.items] == ["q150", "q7"]
    assert found.more == 0


def test_of_many_those_of_which_there_was_most_are_read(samples: Samples) -> None:
    samples.keep("queue", NOON, {f"q{number}": queue(float(number)) for number in range(200)})

    found = samples.lines("queue", 0, NOON, NOON + 10, limit=3)

    assert [line.name for line in found.items] == ["q197", "q198", "q199"]
    assert found.more == 197


def test_finer_buckets_go_first_and_all_go_in_the_end(samples: Samples) -> None:
    samples.keep("queue", NOON, {"mail": queue(1.0)})
    for after in (2 * HOUR, 2 * DAY):
        samples.keep("queue", NOON + after, {"pay": queue(1.0)})

    assert samples.lines("queue", 0, NOON, NOON + HOUR).items == ()
    assert samples.lines("queue", 1, NOON, NOON + HOUR).items == ()
    assert only(samples.lines("queue", 2, NOON, NOON + HOUR).items) == ((int(NOON), queue(1.0)),)

    samples.keep("queue", NOON + 4 * DAY, {"pay": queue(1.0)})

    assert samples.lines("queue", 2, NOON, NOON + HOUR).items == ()


def test_a_clock_that_was_ahead_stops_nothing(samples: Samples) -> None:
    samples.keep("queue", NOON, {"mail": queue(1.0)})
    for after in (400 * DAY, 401 * DAY):
        samples.keep("queue", NOON + after, {"mail": queue(9.0)})
    for second in range(0, 1_300, 10):
        samples.keep("queue", NOON + second, {"mail": queue(2.0)})

    found = only(samples.lines("queue", 2, NOON, NOON + 500 * DAY).items)

    assert [(at - NOON, values[1]) for at, values in found] == [(0, 2.0), (600, 2.0), (1_200, 2.0)]


def test_what_a_clock_kept_that_was_half_an_hour_ahead_is_neither_last_nor_mixed_in(
    samples: Samples,
) -> None:
    for second in (0, 10, 1_800, 1_810):
        samples.keep("queue", NOON + second, {"mail": queue(9.0)})

    samples.keep("queue", NOON + 80, {"mail": queue(2.0)})

    assert samples.size().last == NOON + 80
    samples.keep("queue", NOON + 1_800, {"mail": queue(2.0)})
    (point,) = only(samples.lines("queue", 0, NOON + 1_800, NOON + 1_810).items)
    assert point[1][0] == 2.0


def test_another_process_goes_on_with_what_the_first_left(two: tuple[Samples, Samples]) -> None:
    first, second = two
    for second_, name in ((0, "mail"), (10, "pay")):
        first.keep("queue", NOON + second_, {name: queue(1.0)})
    second.keep("queue", NOON + 20, {"mail": queue(3.0), "new": queue(1.0)})
    first.keep("queue", NOON + 70, {"new": queue(5.0), "newest": queue(1.0)})

    for each in two:
        assert [(line.name, [values[0] for _, values in line.points])
                for line in each.lines("queue", 1, NOON, NOON + 120).items] == [
            ("mail", [2.0]), ("new", [1.0, 5.0]), ("newest", [1.0]), ("pay", [1.0]),
        ]  # fmt: skip


def test_there_is_a_bound_on_how_many_are_kept(samples: Samples) -> None:
    bound = SAMPLED_MAX["queue"]
    seen = {f"q{number:04}": queue(float(number)) for number in range(bound + 5)}

    samples.keep("queue", NOON, {**seen, "long" * 1_000: queue(1e6)})

    found = samples.lines("queue", 0, NOON, NOON + 10, limit=bound + 10)
    assert [found.items[0].name, found.items[-1].name] == ["q0005", f"q{bound + 4:04}"]
    assert len(found.items) == bound


def test_names_may_be_anything(samples: Samples) -> None:
    names = ["", "ünï", "a'b\"c", "x" * 500, "שלום", "\x00"]

    samples.keep("queue", NOON, {name: queue(1.0) for name in names})

    assert {line.name for line in samples.lines("queue", 0, NOON, NOON + 10).items} == {*names} - {
        ""
    }


def test_large_numbers_are_near_enough(samples: Samples) -> None:
    samples.keep("queue", NOON, {"a": queue(16_777_216.0), "b": queue(1e300)})

    found = {line.name: line.points for line in samples.lines("queue", 0, NOON, NOON + 10).items}

    assert found["a"][0][1][0] == 16_777_216.0


def test_how_much_there_is_is_known(samples: Samples) -> None:
    samples.keep("queue", NOON + 7, {"a": queue(1.0)})

    size = samples.size()

    assert size.last is not None
    assert NOON <= size.last <= NOON + 7
