"""What PromQL queries ask for: metrics, and the labels by which they select and group them.

No evaluation: whether a query finds its metrics is a question of names and labels.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.support.exposition import Family

_SELECTOR = re.compile(r"\b([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{([^}]*)\})?\s*(\[)?")
_LABEL = re.compile(r"([a-zA-Z_][a-zA-Z0-9_]*)\s*(?:=~|!~|!=|=)\s*\"((?:[^\"\\]|\\.)*)\"")
_GROUPED = re.compile(r"\b(?:by|on|ignoring|group_left)\s*\(([^)]*)\)")
_TEXT = re.compile(r"\"(?:[^\"\\]|\\.)*\"")
_FAMILIES = ("flower_", "celery_", "umbel_")
#: Labels that Prometheus adds, or that others' set-ups have.
_OF_PROMETHEUS = {"job", "instance", "namespace", "cluster", "le", "pod"}


def metrics_of(query: str) -> dict[str, set[str]]:
    """The metrics of our families in the query, each with the labels by which it is selected."""
    found: dict[str, set[str]] = {}
    for name, selected, _ in _SELECTOR.findall(query):
        if name.startswith(_FAMILIES):
            labels = {label for label, _ in _LABEL.findall(selected)}
            found.setdefault(name, set()).update(labels)
    return found


def labels_grouped(query: str) -> set[str]:
    """The labels by which the query groups."""
    return {
        label.strip()
        for group in _GROUPED.findall(_TEXT.sub('""', query))
        for label in group.split(",")
        if label.strip()
    }


def missing(query: str, families: Mapping[str, Family]) -> list[str]:
    """What of the query is not in the output: metrics, and labels that none of them has."""
    samples: dict[str, set[str]] = {}
    for name, family in families.items():
        for suffix, told in family.samples:
            samples.setdefault(name + suffix, set()).update(label for label, _ in told)
    asked = metrics_of(query)
    wrong = [name for name in asked if name not in samples]
    for name, labels in asked.items():
        known = samples.get(name, set()) | _OF_PROMETHEUS
        wrong += [f"{name}{{{label}}}" for label in labels - known]
    some = set().union(*(samples.get(name, set()) for name in asked)) | _OF_PROMETHEUS
    wrong += [f"by {label}" for label in labels_grouped(query) - some]
    return wrong if asked else ["no metric"]
