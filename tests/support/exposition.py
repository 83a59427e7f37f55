"""A strict reader of Prometheus' text format: what it does not refuse, Prometheus takes.

https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import NamedTuple

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_HEAD = re.compile(rf"# (HELP|TYPE) ({_NAME}) (.+)")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)')
_SAMPLE = re.compile(rf'({_NAME})(?:\{{((?:[^"}}]|"(?:[^"\\]|\\.)*")*)\}})? (\S+)')
_ESCAPED = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}

#: Labels with their values, in any order.
Labels = frozenset[tuple[str, str]]


class Family(NamedTuple):
    """One metric: its type, and values by sample name and labels."""

    kind: str
    samples: dict[tuple[str, Labels], float]

    def values(self, suffix: str = "") -> dict[Labels, float]:
        """The samples whose name ends so beyond the family's."""
        return {labels: value for (end, labels), value in self.samples.items() if end == suffix}


def parsed(text: str) -> dict[str, Family]:
    """The metrics by name. Raises `ValueError` with the line that is wrong."""
    assert text.endswith("\n")
    found: dict[str, Family] = {}
    help_seen: set[str] = set()
    current = ""
    for line in text.removesuffix("\n").split("\n"):
        head = _HEAD.fullmatch(line)
        if head is not None and head[1] == "HELP":
            _want(head[2] not in help_seen, line)
            help_seen.add(head[2])
        elif head is not None:
            current = head[2]
            _want(current not in found, line)
            _want(head[3] in {"counter", "gauge", "histogram"}, line)
            found[current] = Family(head[3], {})
        elif line.startswith("# ") and not line.startswith(("# HELP", "# TYPE")):
            continue  # a comment
        else:
            _add(found[current], current, line)
    for name, family in found.items():
        if family.kind == "histogram":
            _check_histogram(name, family)
    return found


def labels(**named: str) -> Labels:
    return frozenset(named.items())


def _add(family: Family, name: str, line: str) -> None:
    sample = _SAMPLE.fullmatch(line)
    if sample is None:
        raise ValueError(line)
    suffixes = {"_bucket", "_sum", "_count"} if family.kind == "histogram" else {""}
    suffix = sample[1].removeprefix(name)
    _want(sample[1].startswith(name) and suffix in suffixes, line)
    key = suffix, _labels(sample[2] or "", line)
    _want(key not in family.samples, line)
    family.samples[key] = float(sample[3])


def _labels(text: str, line: str) -> Labels:
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        label = _LABEL.match(text, at)
        if label is None or label[1] in found:
            raise ValueError(line)
        found[label[1]] = re.sub(r'\\[\\"n]', lambda escape: _ESCAPED[escape[0]], label[2])
        at = label.end()
    return frozenset(found.items())


def _check_histogram(name: str, family: Family) -> None:
    """Buckets grow up to the infinite one, which holds as much as `_count` says."""
    buckets: dict[Labels, list[tuple[float, float]]] = defaultdict(list)
    for told, value in family.values("_bucket").items():
        [end] = [text for label, text in told if label == "le"]
        buckets[told - {("le", end)}].append((float(end), value))
    counts = family.values("_count")
    _want(buckets.keys() == counts.keys() == family.values("_sum").keys(), name)
    for told, steps in buckets.items():
        values = [value for _, value in sorted(steps)]
        _want(values == sorted(values), name)
        _want(max(steps) == (float("inf"), counts[told]), name)


def _want(is_right: bool, line: str) -> None:
    if not is_right:
        raise ValueError(line)
