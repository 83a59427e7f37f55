"""Lines of a CSV table that a spreadsheet opens without harm: of the command line and of the API.

Every cell is in quotes, so that none is divided where a spreadsheet has other separators. Guarded
texts that one would run as a formula get an apostrophe before them, also behind a separator;
numbers stay as they are.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from umbel.characters import visible

#: What a spreadsheet takes for the beginning of a formula, in either width of East Asia.
_FORMULAS: Final = "=+\\-@\t\r＝＋－＠"
#: Where a cell may begin for some spreadsheet, and a formula in it.
_CELLS: Final = re.compile(rf"(^|[;|]\s*[\"']?)(?=[{_FORMULAS}])")
_NUMBER: Final = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)


def csv_line(values: Iterable[object], *, guarded: bool = True) -> str:
    """One line with its end; None is an empty cell."""
    cell = _guarded if guarded else _clean
    line = io.StringIO()
    cells = ["" if value is None else cell(value) for value in values]
    csv.writer(line, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow(cells)
    return line.getvalue()


def _guarded(value: object) -> str:
    if isinstance(value, int | float) or _NUMBER.fullmatch(str(value)):
        return _clean(value)
    return _clean(_CELLS.sub(r"\1'", str(value)))


def _clean(value: object) -> str:
    return visible(str(value), "")


def iso(seconds: float | None) -> str:
    """A time as spreadsheets and programs read it: ISO 8601, UTC, with milliseconds."""
    if seconds is None:
        return ""
    try:
        time = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.3f}"
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
