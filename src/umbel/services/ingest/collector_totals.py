"""Counts of a collector that are of no task, by the names under which they are kept for
`/metrics`."""

from __future__ import annotations

from typing import Final

from umbel.store.base import CollectorStatus

#: Fields of `CollectorStatus`.
TOTALS: Final = ("events", "messages", "shed", "reconnections")
#: What the names of faults begin with.
MALFORMED: Final = "malformed."
#: And those of spans, by `SpanExporter.totals`.
SPANS: Final = "spans."
#: Reasons that are counted apart.
_REASONS_MAX: Final = 50


def totals_of(status: CollectorStatus) -> dict[str, int]:
    """What it has counted since its start."""
    faults = sorted(status.faults.items(), key=lambda each: -each[1])[:_REASONS_MAX]
    return {
        **{name: getattr(status, name) for name in TOTALS},
        **{MALFORMED + reason: count for reason, count in faults},
    }
