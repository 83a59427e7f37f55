"""What hiding secrets costs: Umbel as it is, without rules, and with more of them, turn by turn
under the same load."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from bench.brokers import Broker
from bench.report import Table, Verdict, spread
from bench.subject_umbel import Umbel
from bench.tables import RATE, cpu_ms
from bench.throughput import run_one
from bench.trial import Load

#: At most so much more than without rules.
SHARE: Final = 0.1
#: A key that nobody has stands for none: an empty option counts as not given.
_RULES: Final[dict[str, tuple[str, ...]]] = {
    "nothing": ("--redact-keys=a-key-that-nobody-has",),
    "the usual secrets": (),
    "these, and by the names of tasks": (
        "--redact-positions=shop.pay=[1]",
        "--redact-arguments=mail.*",
        "--redact-results=reports.export",
    ),
}


def turns(broker: Broker, folder: Path, *, seconds: float, rounds: int) -> dict[str, list[float]]:
    """By what is hidden, milliseconds of CPU for a thousand events, once a round."""
    found: dict[str, list[float]] = {name: [] for name in _RULES}
    for turn in range(rounds):
        for name, options in _RULES.items():
            start = partial(Umbel, folder=folder, options=options)
            outcome = run_one(start, Load(RATE, seconds, seed=turn), "Redis", broker)
            found[name].append(cpu_ms(outcome.trial))
    return found


def table(title: str, found: dict[str, list[float]]) -> Table:
    rows = tuple((name, spread(measured, "ms", 1)) for name, measured in found.items())
    return Table(title, ("what is hidden", "CPU per 1,000 events"), rows)


def verdicts(found: dict[str, list[float]]) -> tuple[Verdict, ...]:
    """By the least of each, which noise cannot lower."""
    without, usual, _ = (min(measured) for measured in found.values())
    return (
        Verdict(
            promise=f"CPU of an event with the usual secrets hidden ({RATE:,.0f} events/s)",
            asked=f"at most {SHARE:.0%} more",
            measured=f"{usual / without - 1:.1%} more",
            kept=usual / without - 1 <= SHARE,
        ),
    )
