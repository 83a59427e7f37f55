"""Tasks as lines of a file that somebody takes with them: CSV for spreadsheets, or a JSON array."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal

import msgspec

from umbel.cluster.task import Task, TaskSummary
from umbel.csv_lines import csv_line, iso
from umbel.query.fields import FIELDS, Kind

ExportFormat = Literal["csv", "json"]
#: Every column there is.
COLUMNS: Final = TaskSummary.__struct_fields__
#: Those of who names none: what failed, and with what.
USUAL_COLUMNS: Final = (
    "uuid", "name", "state", "worker", "queue", "received", "started", "finished", "wait",
    "runtime", "retries", "args", "kwargs", "result", "exception", "error",
)  # fmt: skip
_TIMES: Final = {"changed", "timestamp"} | {
    name
    for field in FIELDS.values()
    if field.kind is Kind.TIME
    for name in (field.name, *field.aliases)
}


class ExportedLines:
    """Makes the parts of one file: `beginning`, some tasks at a time, and `end`."""

    def __init__(self, file_format: ExportFormat, columns: Sequence[str]) -> None:
        self._format = file_format
        self._columns = columns
        self._is_first = True

    def beginning(self) -> bytes:
        return b"[" if self._format == "json" else csv_line(self._columns).encode()

    def lines(self, tasks: Iterable[Task]) -> bytes:
        """The tasks, after those before."""
        if self._format == "csv":
            cells = (map(_cell, self._columns, self._values(task)) for task in tasks)
            return "".join(map(csv_line, cells)).encode()
        rows = [dict(zip(self._columns, self._values(task), strict=True)) for task in tasks]
        return b"".join(self._comma() + msgspec.json.encode(row) for row in rows)

    def end(self) -> bytes:
        return b"\n]\n" if self._format == "json" else b""

    def _values(self, task: Task) -> list[object]:
        return [getattr(task, name) for name in self._columns]

    def _comma(self) -> bytes:
        comma = b"\n" if self._is_first else b",\n"
        self._is_first = False
        return comma


def chosen_columns(text: str | None) -> tuple[str, ...]:
    """Columns by their names, with commas between; `all` are all. Raises `ValueError` with a
    sentence for a name that no column has."""
    names = tuple(dict.fromkeys(re.findall(r"[^,\s]+", text or "")))
    if names == ("all",):
        return COLUMNS
    for name in names:
        if name not in COLUMNS:
            raise ValueError(f"There is no column {name}. There are {', '.join(COLUMNS)}, and all.")
    return names or USUAL_COLUMNS


def _cell(name: str, value: object) -> object:
    if isinstance(value, int | float) and name in _TIMES:
        return iso(value)
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else value
