"""`docs/metrics.md` and the output of `/metrics` tell of the same metrics, with the same labels."""

from __future__ import annotations

import re
from pathlib import Path

import anyio

from tests.api.metrics.scene import families, world_of
from umbel.store.queue_pauses import QueuePause

PAGE = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"
_ROW = re.compile(r"^\| `(\w+)` \|([^|]*)\|", re.MULTILINE)
#: Not of a cluster, but of a server with several, and of formats.
_ELSEWHERE = {"umbel_cluster_readable"}


def documented() -> dict[str, set[str]]:
    """The metrics of the page, with their labels."""
    found: dict[str, set[str]] = {}
    last: set[str] = set()
    for name, told in _ROW.findall(PAGE.read_text("utf-8")):
        labels = set(re.findall(r"`(\w+)`", told))
        if "same" in told:
            labels |= last
        else:
            last = labels
        found[name] = labels
    return found


def exported() -> dict[str, set[str]]:
    """The metrics of a cluster of which every one tells something, with their labels."""
    world = world_of()
    pause = QueuePause(queue="mail", actor="ann", at=1.0, action_id="a")
    world.ledger.keep_pause(pause, instead_of=None)
    found = anyio.run(families, world)
    return {
        name: {label for _, labels in each.samples for label, _ in labels} - {"le"}
        for name, each in found.items()
        if not name.endswith("_created")
    }


def test_every_metric_is_documented_and_every_documented_one_is_there() -> None:
    assert {
        name: labels for name, labels in documented().items() if name not in _ELSEWHERE
    } == exported()
