"""What was measured, kept part by part, and written as `RESULTS.md`.

Each part is written to `results/` when it ends and is kept there, so that parts can be
measured in runs of their own and on other machines; the page says of each when and where that
was, and how to repeat it.
"""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

HOME: Final = Path(__file__).parent
CACHE: Final = HOME / ".cache"
_RESULTS: Final = HOME / "results"
_PAGE: Final = HOME / "RESULTS.md"
_ORDER: Final = (
    *("cost", "sustained", "stored", "overload", "beside", "searches", "cold"),
    *("charts", "pages", "actions", "listing", "readers", "redaction", "scrapes", "stream"),
    *("harmless", "healing", "alerts"),
)
_PREFACE: Final = """# What was measured

Written by `make bench` (`python -m bench`); do not edit by hand. Umbel and Flower got the
same prepared messages in the same run, turn by turn, each alone beside the broker and the
publisher, unless a part says otherwise. All of them share the machine's cores, so figures
are of the whole and not of Umbel on a machine of its own. Nothing here is asserted by a
test. `messages.py` says what the messages are like.
"""


class Verdict(msgspec.Struct, frozen=True):
    """A promise, what it asks, what was measured, and whether that keeps it."""

    promise: str
    asked: str
    measured: str
    kept: bool


class Table(msgspec.Struct, frozen=True):
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


class Part(msgspec.Struct, frozen=True):
    """One part's outcome. `name` is as on the command line, with its size if it has one
    (`searches-1000000`); `at` is a date and time in UTC, `load` the machine's load average
    when it began: anything above a tenth of its cores is others at work. `machine` tells what
    it ran on, and the revision of Umbel."""

    name: str
    title: str
    at: str
    load: float
    command: str
    versions: str
    table: Table
    verdicts: tuple[Verdict, ...] = ()
    quick: bool = False
    machine: str = ""


def keep(part: Part) -> None:
    """Store a part's outcome and write the page anew."""
    _RESULTS.mkdir(parents=True, exist_ok=True)
    text = msgspec.json.format(msgspec.json.encode(part), indent=1) + b"\n"
    (_RESULTS / f"{part.name}.json").write_bytes(text)
    _PAGE.write_text(page(kept()))


def kept() -> list[Part]:
    """All parts that were measured, in the order of the page."""
    parts = [msgspec.json.decode(file.read_bytes(), type=Part) for file in _RESULTS.glob("*.json")]

    def place(part: Part) -> tuple[int, int, str]:
        kind = part.name.partition("-")[0]
        return _ORDER.index(kind), len(part.name), part.name

    return sorted(parts, key=place)


def page(parts: Sequence[Part]) -> str:
    """The whole page as Markdown."""
    text = _PREFACE
    verdicts = [(one, part) for part in parts for one in part.verdicts]
    if verdicts:
        rows = [
            (one.promise, one.asked, one.measured, "yes" if one.kept else "**no**")
            for one, _ in verdicts
        ]
        text += "\n## Promises\n\n" + markdown(("promise", "asked", "measured", "kept"), rows)
    for part in parts:
        text += (
            f"\n## {part.title}\n\n{part.at} UTC, `{part.command}`, {part.versions}. Load average "
            f"of the machine before it began: {part.load:.1f}. {part.machine}."
        )
        text += " A quick run: too short and small to judge by.\n" if part.quick else "\n"
        table = part.table
        text += f"\n**{table.title}**\n\n{markdown(table.head, table.rows)}"
        text += "".join(f"\n{note}\n" for note in table.notes)
    return text


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of text cells."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("|" + "|".join(line) + "|\n" for line in lines)


def machine() -> str:
    """This machine, and the revision of Umbel, in a line."""
    cpu = platform.processor() or platform.machine()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = models[0].partition(": ")[2] if models else cpu
    return (
        f"{os.cpu_count()} cores ({cpu}), {memory:.0f} GB of memory, "
        f"{platform.system()} {platform.release().partition('-')[0]}, "
        f"Python {platform.python_version()}; Umbel at {_revision()}"
    )


def _revision() -> str:
    asked = ["git", "-C", str(HOME), "describe", "--always", "--dirty"]
    found = subprocess.run(asked, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "an unknown revision"


def spread(values: Sequence[float], unit: str, digits: int = 2) -> str:
    """The median, and the range if there are several."""
    ordered = sorted(values)
    text = f"{quantile(ordered, 0.5):.{digits}f}"
    if len(ordered) > 1:
        text += f" ({ordered[0]:.{digits}f} to {ordered[-1]:.{digits}f})"
    return f"{text} {unit}".strip()


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of `values` lie (the nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def megabytes(size: float) -> str:
    return f"{size / 1e6:.0f} MB"


def times(theirs: float, ours: float) -> str:
    """How many times better the smaller `ours` is."""
    return f"{theirs / ours:.1f} times" if ours else "-"
