"""`umbel workers diff`: in what workers differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from umbel.cli import printing
from umbel.cli.listing import ListFormat, print_rows
from umbel.services.phrases import names, number

if TYPE_CHECKING:
    from umbel.python.sources import Source
    from umbel.services.cluster.fleet_diff import FleetDiff

_COLUMNS: Final = ("kind", "name", "value", "workers")
_CSV_COLUMNS: Final = ("kind", "name", "value", "count", "workers", "odd")


def print_diff(source: Source, find: str, form: ListFormat) -> int:
    """Print a line for each value of each difference; the exit code: 1 where there is any."""
    import msgspec

    found = source.workers_diff(find)
    rows = [msgspec.to_builtins(each) for each in found.differences]
    if not form.as_json:
        rows = [
            {**row, **value} for row in rows for value in row["values"]
        ]  # a line for each value
    print_rows(rows, _CSV_COLUMNS if form.as_csv else _COLUMNS, form, shown=_shown)
    if not form.as_json:
        for sentence in sentences(found):
            printing.say(sentence, err=True)
    return int(bool(rows))


def sentences(found: FleetDiff) -> list[str]:
    """What was compared, who is odd, and what is not known."""
    if found.compared < 2:
        lines = [f"There are no two workers to compare ({number(found.compared, 'worker')})."]
    else:
        differ = number(len(found.differences) + found.more, "difference")
        lines = [f"{number(found.compared, 'worker')} compared: {differ}."]
    lines += [
        f"{each.name} differs from most in {number(each.differences, 'thing')}."
        for each in found.odd_workers[:3]
    ]
    if found.missing:
        lines.append(f"{names(found.missing)} did not answer.")
    if found.left_out:
        lines.append(f"{number(found.left_out, 'more worker')} not asked: narrow it with --find.")
    if found.not_compared:
        lines.append(f"There was no time to ask for {names(found.not_compared)}.")
    return lines


def _shown(row: Mapping[str, Any]) -> dict[str, str]:
    return {
        "kind": row["kind"],
        "name": row["name"],
        "value": "none" if row["value"] is None else row["value"],
        "workers": f"{row['count']}: {names(row['workers'])}",
    }
