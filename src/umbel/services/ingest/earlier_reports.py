"""What earlier collectors reported last, by the clock of now.

Theory of operation. When the last run of a collector ended is known by what it reported last, and
that has the time of the clock as it was then. Where the clock was set back since, it lies ahead of
now, and nothing would seem to be missed. On the same machine, not booted anew, it is known how long
ago it was, whatever the clock said; else what lies ahead is taken to be some minutes old. A report
is never taken to be newer than it says: where the machine's count stood still (a virtual machine
that was paused), the clock is right.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from umbel.clock import AHEAD_S, SinceBoot
from umbel.store.base import CollectorStatus

#: How old a report is taken to be that lies ahead and of which nothing else is known, seconds.
UNSURE_S: Final = 600.0
#: Clocks are corrected by less all the time, seconds.
_SLEWED_S: Final = 1.0


def by_the_clock_of(
    now: float, machine: SinceBoot | None, reports: Iterable[CollectorStatus]
) -> list[CollectorStatus]:
    """The reports with their times by a clock that is `now` (Unix seconds) on a machine that has
    run for `machine`."""
    return [_moved(each, _set_back_s(each, now, machine)) for each in reports]


def _set_back_s(report: CollectorStatus, now: float, machine: SinceBoot | None) -> float:
    """By how much the clock was set back since, seconds; 0 if it was not."""
    then = report.since_boot
    if machine is not None and then is not None and machine.boot == then.boot:
        set_back_s = report.at - (now - (machine.seconds - then.seconds))
        return set_back_s if set_back_s > _SLEWED_S else 0.0
    return report.at - (now - UNSURE_S) if report.at > now + AHEAD_S else 0.0


def _moved(report: CollectorStatus, back_s: float) -> CollectorStatus:
    if not back_s:
        return report

    def moved(at: float | None) -> float | None:
        return None if at is None else at - back_s

    return msgspec.structs.replace(
        report,
        started=report.started - back_s,
        at=report.at - back_s,
        connected_since=moved(report.connected_since),
        cut_off_since=moved(report.cut_off_since),
        ended=moved(report.ended),
    )
