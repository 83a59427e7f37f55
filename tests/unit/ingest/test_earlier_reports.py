"""What earlier collectors reported last, by the clock of now."""

from __future__ import annotations

from tests.api.world import NOW, collector
from umbel.clock import SinceBoot, since_boot
from umbel.services.ingest.earlier_reports import UNSURE_S, by_the_clock_of

MACHINE = SinceBoot("b", 5_000.0)


def test_a_report_of_this_machine_is_as_old_as_the_machine_counts() -> None:
    """It was made three seconds ago, by a clock that was an hour ahead."""
    before = collector(at=NOW + 3_597, since_boot=SinceBoot("b", 4_997.0), started=NOW + 3_500)

    (report,) = by_the_clock_of(NOW, MACHINE, [before])

    assert (report.at, report.started) == (NOW - 3, NOW - 100)


def test_it_is_known_also_when_the_clock_was_set_back_by_less_than_nobody_listened() -> None:
    before = collector(at=NOW - 10, since_boot=SinceBoot("b", 4_900.0))

    (report,) = by_the_clock_of(NOW, MACHINE, [before])

    assert report.at == NOW - 100


def test_a_report_is_never_newer_than_it_says() -> None:
    """A virtual machine that was paused does not count that time."""
    before = collector(at=NOW - 3_600, since_boot=SinceBoot("b", 4_990.0))

    assert by_the_clock_of(NOW, MACHINE, [before]) == [before]


def test_a_report_of_another_boot_that_lies_ahead_may_be_minutes_old() -> None:
    ahead = collector(at=NOW + 3_600, since_boot=SinceBoot("a", 9_000.0))
    near = collector(at=NOW - 5, since_boot=SinceBoot("a", 9_000.0))

    reports = by_the_clock_of(NOW, MACHINE, [ahead, near])

    assert [report.at for report in reports] == [NOW - UNSURE_S, NOW - 5]


def test_a_machine_that_counts_nothing_goes_by_its_clock() -> None:
    before = collector(at=NOW - 5)

    assert by_the_clock_of(NOW, None, [before]) == [before]


def test_linux_counts_since_it_was_booted() -> None:
    first, second = since_boot(), since_boot()

    assert first is not None
    assert second is not None
    assert first.boot == second.boot != ""
    assert first.seconds <= second.seconds
