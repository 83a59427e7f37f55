"""What tells the samples of `/metrics` apart, as the settings have it.

The labels of one thing have a name in each family: a worker is `worker` in Flower's and `hostname`
in celery-exporter's. One that is left out is left out of all, and what it told apart is one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

import msgspec

from umbel.services.metric_options import Label
from umbel.services.metric_sums import merged
from umbel.store.base import TaskCounts
from umbel.web.metrics.exposition import Sample, label_text

#: What celery-exporter calls the queue of a task whose sender did not tell it.
DEFAULT_QUEUE: Final = "celery"
#: A task and its counts, by the texts of labels.
Key = tuple[tuple[str, str], ...]


class Labels(msgspec.Struct, frozen=True):
    """`cluster` is told with everything, if there is one; `without` are left out."""

    cluster: str | None = None
    without: frozenset[str] = frozenset()

    def text(self, *labels: tuple[Label | None, str, str]) -> str:
        """Labels as they are written, of (what it is, its name, its value); those that can never be
        left out are None."""
        first = () if self.cluster is None else (("cluster", self.cluster),)
        return label_text(
            (*first, *((name, value) for kind, name, value in labels if kind not in self.without))
        )

    def summed(self, samples: Iterable[tuple[str, float]]) -> list[Sample]:
        """Samples by their labels; of alike ones the sum."""
        found: dict[str, float] = defaultdict(float)
        for labels, value in samples:
            found[labels] += value
        return [Sample(labels, value) for labels, value in found.items()]

    def by(
        self, items: Iterable[TaskCounts], text: Callable[[TaskCounts], str]
    ) -> Mapping[str, TaskCounts]:
        """The counts by the text of their labels."""
        return {key[0]: item for key, item in merged(items, lambda each: (text(each),)).items()}


def hostnames(workers: Iterable[str]) -> Callable[[str], str]:
    """What celery-exporter calls a worker: the host of `name@host`; the whole name where one host
    has several of these workers."""
    known = set(workers)
    several = {host for host, count in Counter(map(_host, known)).items() if count > 1}

    def hostname(node: str) -> str:
        host = _host(node)
        return node if host in several and node in known else host

    return hostname


def _host(node: str) -> str:
    return node.partition("@")[2] or node


def worked(items: Collection[TaskCounts]) -> set[str]:
    """The workers among those that told of tasks, and not only sent some."""
    return {each.worker for each in items if each.events.keys() - {"task-sent"}}
