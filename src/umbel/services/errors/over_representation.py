"""What failures have more often than successes: a pure comparison of two samples.

For each value the shares of failures and of successes that have it are compared. Values count
whose share of failures is larger by `DIFFERENCE_MIN`, and surely so: even the lower bound of the
difference is above zero, by Newcombe's interval out of Wilson's (R. G. Newcombe, "Interval
estimation for the difference between independent proportions", 1998, method 10). That holds for
small samples and for shares near 0 and 1, where the usual z-test does not. With hundreds of values
compared, one in twenty would seem sure by chance, so the interval is three standard deviations wide
to each side.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

#: Fewer failures with a value say nothing of it: that all of three are of the same of five workers
#: happens by chance in one group of 25, that all of five are in one of 625.
COUNT_MIN: Final = 5
#: By so much the share of failures must be larger.
DIFFERENCE_MIN: Final = 0.1
#: Standard deviations to each side.
_Z: Final = 3.0
#: The most values that are given, and of one field.
FINDINGS_MAX, FINDINGS_EACH = 20, 5


class Trait(msgspec.Struct, frozen=True, order=True):
    """A value that a task has in a field: `worker`, `queue`, `name`, or an argument such as
    `kwargs.currency` or `args.0`."""

    field: str
    value: str


class Finding(msgspec.Struct, frozen=True):
    """`failed` of `failures` and `succeeded` of `successes` have the trait. `lower` is the lower
    bound of the difference between the two shares."""

    trait: Trait
    failed: int
    failures: int
    succeeded: int
    successes: int
    lower: float


def over_represented(
    failures: Sequence[frozenset[Trait]], successes: Sequence[frozenset[Trait]]
) -> tuple[Finding, ...]:
    """The traits that failures have more often, those with the surest difference first. Each task
    is the set of its traits. Without tasks on either side there is nothing to compare."""
    return compared(
        Counter(_all(failures)), len(failures), Counter(_all(successes)), len(successes)
    )


def compared(
    failed: Counter[Trait], failures: int, succeeded: Counter[Trait], successes: int
) -> tuple[Finding, ...]:
    """The same by counts: how many of so many failures and successes have each trait."""
    if not failures or not successes:
        return ()
    found = [
        Finding(
            trait, count, failures, succeeded[trait], successes,
            difference_lower(count, failures, succeeded[trait], successes),
        )
        for trait, count in failed.items()
        if count >= COUNT_MIN
        and count / failures - succeeded[trait] / successes >= DIFFERENCE_MIN
    ]  # fmt: skip
    sure = sorted(
        (each for each in found if each.lower > 0), key=lambda each: (-each.lower, each.trait)
    )
    return tuple(_few_of_each(sure))[:FINDINGS_MAX]


def difference_lower(a: int, m: int, b: int, n: int) -> float:
    """The lower bound of a/m - b/n."""
    p, q = a / m, b / n
    low, _ = wilson(a, m)
    _, high = wilson(b, n)
    return p - q - math.hypot(p - low, high - q)


def wilson(count: int, of: int) -> tuple[float, float]:
    """Wilson's interval of the share `count` / `of`."""
    share, z2 = count / of, _Z * _Z
    middle = share + z2 / (2 * of)
    spread = _Z * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    scale = 1 + z2 / of
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def _all(tasks: Iterable[frozenset[Trait]]) -> Iterable[Trait]:
    return (trait for task in tasks for trait in task)


def _few_of_each(findings: Iterable[Finding]) -> Iterable[Finding]:
    """A field with many values (an id that differs in each task) leaves room for others."""
    counts: Counter[str] = Counter()
    for finding in findings:
        counts[finding.trait.field] += 1
        if counts[finding.trait.field] <= FINDINGS_EACH:
            yield finding
