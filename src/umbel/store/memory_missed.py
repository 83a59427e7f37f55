"""Gaps, losses and the counts of worker processes, in memory: see `store.memory`."""

from __future__ import annotations

from umbel.cluster.losses import Loss, Losses, ProcessCount
from umbel.store.base import KeptGap
from umbel.store.missed import GAPS_MAX, LOSSES_MAX, PROCESSES_MAX


class MissedInMemory:
    """The caller holds a lock."""

    def __init__(self) -> None:
        self.processes: dict[tuple[str, int], ProcessCount] = {}
        self.losses: dict[tuple[str, int, float], Loss] = {}
        self.gaps: list[KeptGap] = []

    def put(self, changed: Losses) -> None:
        """Keep what changed."""
        self.processes |= {(each.hostname, each.pid): each for each in changed.processes}
        for each in changed.losses:
            key = each.hostname, each.pid, each.end
            if each.count:
                self.losses[key] = each
            else:
                self.losses.pop(key, None)

    def forget(self, before: float | None) -> None:
        """Keep all within bounds, and no loss or gap that ended `before` (Unix seconds)."""
        oldest = float("-inf") if before is None else before
        self.gaps = [each for each in self.gaps if each.end >= oldest][-GAPS_MAX:]
        losses = sorted(self.losses.items(), key=lambda pair: pair[1].end)
        self.losses = {key: each for key, each in losses[-LOSSES_MAX:] if each.end >= oldest}
        processes = sorted(self.processes.items(), key=lambda pair: pair[1].at)
        self.processes = dict(processes[-PROCESSES_MAX:])
