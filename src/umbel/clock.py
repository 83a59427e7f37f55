"""Time, so that everything else can be given another one.

All times in Umbel are Unix seconds, float, UTC, until they meet a person.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final, Protocol

import msgspec

#: What lies farther ahead of now was written by a clock that was set back since, seconds.
AHEAD_S: Final = 60.0
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """`now()` is wall time (Unix seconds); `monotonic()` measures durations (seconds)."""

    def now(self) -> float: ...
    def monotonic(self) -> float: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


class SinceBoot(msgspec.Struct, frozen=True):
    """How long the machine has run, suspended or not, `seconds`, since it was booted: `boot`
    identifies when. What two processes of one machine read can be compared, however its clock
    was set meanwhile."""

    boot: str
    seconds: float


def since_boot() -> SinceBoot | None:
    """How long this machine has run; None where that cannot be known (other than Linux)."""
    if sys.platform != "linux":
        return None
    try:
        boot = _BOOT_ID.read_text().strip()
    except OSError:
        return None
    return SinceBoot(boot, time.clock_gettime(time.CLOCK_BOOTTIME))


def suspended_s() -> float:
    """How long this machine slept since it was booted, which `Clock.monotonic` leaves out; 0 where
    that cannot be known."""
    if sys.platform != "linux":
        return 0.0
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()
