"""Entries learned from history: names of tasks that come at regular times.

Used where no scheduler's entries can be read. A name is regular when nine of ten spans between its
last tasks differ from their median by no more than a twentieth, or two seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Final

from umbel.beat.base import Entry, Interval
from umbel.services.schedule.runs import EntryRun

#: So many spans must be seen, and no shorter ones are taken for a schedule, seconds.
SPANS_MIN: Final = 8
SHORTEST_S: Final = 5.0
REGULAR_PART: Final = 0.9
OFF_PART: Final = 0.05
OFF_MIN_S: Final = 2.0
#: People choose such numbers, seconds.
_ROUND: Final = (1, 5, 10, 15, 30, 60, 300, 600, 900, 1_800, 3_600)


def learned_entry(name: str, runs: Sequence[EntryRun]) -> Entry | None:
    """The entry that these runs of a task (oldest first) look like; None if they are not
    regular."""
    sent = [run.at for run in runs]
    spans = [late - early for early, late in pairwise(sent)]
    if len(spans) < SPANS_MIN:
        return None
    every_s = median(spans)
    off_s = max(OFF_MIN_S, OFF_PART * every_s)
    regular = sum(abs(each - every_s) <= off_s for each in spans)
    if every_s < SHORTEST_S or regular < REGULAR_PART * len(spans):
        return None
    return Entry(
        name=name,
        task=name,
        schedule=Interval(_rounded(every_s)),
        source="learned",
        locked="It was learned from the history: where it is scheduled cannot be read.",
    )


def _rounded(seconds: float) -> float:
    """The rounder number that is near: 59.8 s are a minute."""
    for step in reversed(_ROUND):
        near = round(seconds / step) * step
        if near and abs(near - seconds) <= 0.01 * seconds:
            return float(near)
    return round(seconds, 1)
