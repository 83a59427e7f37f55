"""What `umbel workers diff` says beside its table."""

from __future__ import annotations

from umbel.cli.workers_diff import sentences
from umbel.services.cluster.fleet_diff import FleetDiff, OddWorker


def test_who_is_odd_and_what_is_not_known_is_said() -> None:
    found = FleetDiff(
        at=1.0, compared=14, differences=(), more=2, missing=("a@h",), left_out=3,
        odd_workers=(OddWorker(name="b@h", differences=2),), not_compared=("task",),
    )  # fmt: skip

    assert sentences(found) == [
        "14 workers compared: 2 differences.",
        "b@h differs from most in 2 things.",
        "a@h did not answer.",
        "3 more workers not asked: narrow it with --find.",
        "There was no time to ask for task.",
    ]
