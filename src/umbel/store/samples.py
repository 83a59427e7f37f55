"""The contract of the samples: how queues and workers were at regular times.

Events say what happened to tasks; how many wait, and how busy workers are, somebody has to look at.
A sample is what was seen of all queues, or of all workers, in one moment. Samples are kept in
buckets of three widths (`LEVELS`), the finer ones for a shorter time: when a wider bucket is over
it is rolled up from the finer ones, each measure by its `fold`.

Any thread, any process, at the same time; one process at a time keeps samples (a lease of the
ledger sees to it), and two that do for a moment do no harm. What cannot be done raises a
`StoreError`. Samples can be lost: what is written outlives the process, not a power cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol

import msgspec

from umbel.clock import AHEAD_S

#: What samples are about.
Kind = Literal["queue", "worker"]
#: How values of several samples become one: their mean, largest, sum, or the last one.
Fold = Literal["mean", "max", "sum", "last"]
#: What one measure after another was, in the order of `MEASURES`; None where nobody could tell.
Values = tuple[float | None, ...]

#: Days for which samples are kept unless told otherwise, seconds.
KEEP_S: Final = 30 * 86_400.0
#: The most queues or workers of one sample, and names that are remembered of either.
SAMPLED_MAX: Final[Mapping[Kind, int]] = {"queue": 500, "worker": 5_000}
NAMES_MAX: Final = 20_000
#: Longer names are left out, characters.
NAME_MAX: Final = 500
#: What was kept by a clock that was ahead by more goes with the next sample, seconds: it would be
#: taken for the last one, and mixed with those of the time that it bears.
AHEAD_MAX_S: Final = AHEAD_S
#: The most bytes that all samples take; beyond them the oldest go.
SIZE_MAX: Final = 512 * 2**20


class Measure(msgspec.Struct, frozen=True):
    """What of a queue or a worker is kept, and how it is rolled up."""

    name: str
    fold: Fold


#: In the order of the columns: what is stored depends on it, so measures are only ever added
#: at the end.
MEASURES: Final[Mapping[Kind, tuple[Measure, ...]]] = {
    "queue": (
        Measure("depth", "mean"),
        Measure("depth_max", "max"),
        Measure("unacked", "mean"),
        Measure("consumers", "last"),
        Measure("oldest_s", "max"),
    ),
    "worker": (
        Measure("load", "mean"),
        Measure("running", "mean"),
        Measure("running_max", "max"),
        Measure("processed", "sum"),
        Measure("pool", "last"),
    ),
}


def column_of(kind: Kind, measure: str) -> int:
    """Where a measure stands among the values of a sample."""
    return [each.name for each in MEASURES[kind]].index(measure)


#: The position of the measure by which lines are chosen where there are too many.
RANKED: Final[Mapping[Kind, int]] = {"queue": 0, "worker": 1}


class Level(msgspec.Struct, frozen=True):
    """Buckets of `step_s` seconds, kept for `keep_s`; None: as long as samples are kept at all."""

    step_s: int
    keep_s: float | None


LEVELS: Final = (Level(10, 3_600.0), Level(60, 86_400.0), Level(600, None))


class Line(msgspec.Struct, frozen=True):
    """One queue or worker over time: the beginnings of buckets (Unix seconds) and what it was in
    them. A bucket in which it was not seen is left out."""

    name: str
    points: tuple[tuple[int, Values], ...]


class Lines(msgspec.Struct, frozen=True):
    """By name; `more` is how many others there are."""

    items: tuple[Line, ...]
    more: int = 0


class SamplesSize(msgspec.Struct, frozen=True):
    """How much there is: bytes, and when the last sample was kept (Unix seconds)."""

    bytes: int
    last: float | None


class NoSamples:
    """Of a process that keeps none: see `Samples`."""

    def keep(self, kind: Kind, at: float, seen: Mapping[str, Values]) -> None:
        """It is not kept."""

    def lines(
        self,
        kind: Kind,  # noqa: ARG002
        level: int,  # noqa: ARG002
        since: float,  # noqa: ARG002
        until: float,  # noqa: ARG002
        names: Sequence[str] | None = None,  # noqa: ARG002
        limit: int = 20,  # noqa: ARG002
    ) -> Lines:
        return Lines(())

    def size(self) -> SamplesSize:
        return SamplesSize(0, None)

    def close(self) -> None:
        """Nothing is held."""


class Samples(Protocol):
    """See the module's docstring for threads, processes and errors."""

    def keep(self, kind: Kind, at: float, seen: Mapping[str, Values]) -> None:
        """Keep a sample of this moment (Unix seconds), and roll up what is over. Of several in one
        bucket of the finest level the last says what means are. Those beyond `SAMPLED_MAX`, with
        names too long, are left out; what is too old by this moment is removed."""

    def lines(
        self,
        kind: Kind,
        level: int,
        since: float,
        until: float,
        names: Sequence[str] | None = None,
        limit: int = 20,
    ) -> Lines:
        """Buckets of `LEVELS[level]` that begin from `since` up to before `until`, those that are
        not over yet included. Of these names; or of the `limit` of which there was most (queues:
        depth, workers: running) in some of these buckets."""

    def size(self) -> SamplesSize:
        """How much there is."""

    def close(self) -> None:
        """Release the file. May be called twice."""
