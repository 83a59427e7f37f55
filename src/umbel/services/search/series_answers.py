"""Series as every source of the Python API and the HTTP API gives them.

They are the store's, with the `measure` that tells them apart, and what is missing in their
time. The client decodes them from the HTTP API's answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from umbel.services.search.incomplete import Incomplete
from umbel.store.capabilities import Measure
from umbel.store.series import CountSeries, DurationSeries, Series


class SeriesOfCounts(CountSeries, frozen=True, kw_only=True, tag_field="measure", tag="count"):
    """How many tasks that match were first seen, and how many ended, over time: `total` in the
    whole span, `buckets` of `bucket_s` seconds (it may be longer than asked for), oldest first,
    empty ones left out. With `by`, `groups` are the `top` values with the most tasks, the largest
    first, and `other` is all the rest, tasks that lack the field among them; null if there is no
    rest. `complete` is false when time ran out: then there are at least so many. `incomplete` is
    what is missing in that time, null if nothing is."""

    incomplete: Incomplete | None = None


class SeriesOfRuntimes(
    DurationSeries, frozen=True, kw_only=True, tag_field="measure", tag="runtime"
):
    """How long tasks ran that ended in each bucket, in seconds; `total` is null where nothing
    was measured. `groups` are those with the longest mean, the longest first. See
    `SeriesOfCounts` for the rest."""

    incomplete: Incomplete | None = None


class SeriesOfWaits(DurationSeries, frozen=True, kw_only=True, tag_field="measure", tag="wait"):
    """How long tasks waited that were started in each bucket, in seconds. See
    `SeriesOfRuntimes`."""

    incomplete: Incomplete | None = None


SeriesAnswer = SeriesOfCounts | SeriesOfRuntimes | SeriesOfWaits
#: What is answered for each measure.
SERIES_ANSWERS: Final[Mapping[Measure, type[SeriesAnswer]]] = {
    "count": SeriesOfCounts,
    "runtime": SeriesOfRuntimes,
    "wait": SeriesOfWaits,
}


def series_answer(
    series: Series, measure: Measure, incomplete: Incomplete | None = None
) -> SeriesAnswer:
    """The store's series of this measure, as it is answered."""
    return SERIES_ANSWERS[measure](**msgspec.structs.asdict(series), incomplete=incomplete)
