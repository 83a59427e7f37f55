"""What changed most of a name."""

from __future__ import annotations

import pytest

from umbel.services.names.change import change_of
from umbel.services.names.rows import NameNumbers
from umbel.store.series import Durations


def lasting(p95: float, n: int = 100) -> Durations:
    return Durations(n=n, mean=p95 / 2, p50=p95 / 2, p95=p95, p99=p95)


def numbers(count: int = 100, failed: int = 0, runtime: float = 1.0, n: int = 100) -> NameNumbers:
    return NameNumbers(
        count=count,
        succeeded=count - failed,
        failed=failed,
        failure_rate=failed / count if count else None,
        runtime=lasting(runtime, n) if n else None,
        wait=lasting(0.1),
    )


def test_tasks_that_run_four_times_as_long_changed_in_their_runtime() -> None:
    what, much = change_of(numbers(runtime=8.0), numbers(runtime=2.0))

    assert what == "runtime"
    assert much == pytest.approx(2, abs=0.05)


def test_half_as_long_weighs_as_much_as_twice_as_long() -> None:
    _, slower = change_of(numbers(runtime=20.0), numbers(runtime=10.0))
    _, faster = change_of(numbers(runtime=10.0), numbers(runtime=20.0))

    assert slower == pytest.approx(-faster)


def test_more_failures_count_before_a_slightly_longer_runtime() -> None:
    what, much = change_of(numbers(failed=20, runtime=1.5), numbers(failed=2))

    assert what == "failures"
    assert much == pytest.approx(3.6)


def test_a_name_that_stopped_changed_in_its_count() -> None:
    what, much = change_of(NameNumbers(), numbers(count=1_000))

    assert what == "count"
    assert much < -5


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (numbers(), numbers()),
        (numbers(count=3), numbers(count=1)),
        (numbers(runtime=0.003), numbers(runtime=0.001)),
        (numbers(runtime=60.0, n=5), numbers(n=5)),
    ],
)
def test_little_is_no_change(now: NameNumbers, before: NameNumbers) -> None:
    assert change_of(now, before) == (None, 0.0)
