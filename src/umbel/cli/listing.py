"""Options and printing that lists share: a table for people, JSON for programs, CSV for sheets."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar, cast

import click

from umbel.cli import printing
from umbel.csv_lines import iso

F = TypeVar("F", bound=Callable[..., Any])
Row = Mapping[str, Any]

_ALL: Final = "all"


class ListFormat(NamedTuple):
    """How a list is wanted."""

    as_json: bool
    as_csv: bool
    columns: str | None


#: Add --limit, of lists that the server answers whole.
limit_option: Final = click.option(
    "-n", "--limit", type=click.IntRange(1, 200), default=50, show_default=True,
    help="How many at most.",
)  # fmt: skip


#: Add --json, of lists that are no sheet.
json_option: Final = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


def listing_options(command: F) -> F:
    """Add --json, --csv and --columns; the function gets them as `form`."""

    @functools.wraps(command)
    def formed(*, as_json: bool, as_csv: bool, columns: str | None, **given: Any) -> Any:
        if as_json and as_csv:
            raise click.UsageError("Either --json or --csv.")
        if columns is not None and not as_csv:
            raise click.UsageError("--columns means nothing without --csv here.")
        return command(form=ListFormat(as_json, as_csv, columns), **given)

    found: Any = click.option(
        "-c", "--columns", default=None, help="With --csv: which columns, with commas, or all."
    )(formed)
    found = click.option(
        "--csv", "as_csv", is_flag=True, help="Comma-separated, with a header; times in ISO 8601."
    )(found)
    return cast(F, json_option(found))


def print_rows(
    rows: Iterable[Row],
    columns: Sequence[str],
    form: ListFormat,
    *,
    shown: Callable[[Row], Mapping[str, str]],
    times: Collection[str] = (),
) -> int:
    """Print rows as wanted, `shown` making each a line of the table and `times` naming Unix
    seconds; how many there were."""
    if form.as_json:
        count = 0
        for row in rows:
            printing.put_json(row)
            count += 1
        return count
    if form.as_csv:
        found = list(rows)
        chosen = _chosen(form.columns, columns, found)
        return printing.print_csv((_cells(row, times) for row in found), chosen)
    return printing.print_table(map(shown, rows), columns)


def _chosen(request: str | None, columns: Sequence[str], rows: Sequence[Row]) -> list[str]:
    names = list(dict.fromkeys([*columns, *(name for row in rows for name in row)]))
    if request is None:
        return list(columns)
    chosen = [name.strip() for name in request.split(",") if name.strip()]
    if chosen == [_ALL]:
        return names
    for name in chosen:
        if rows and name not in names:
            from umbel.settings import unknown_name

            raise unknown_name("column", name, names, listed=f"There are {', '.join(names)}.")
    return chosen


def _cells(row: Row, times: Collection[str]) -> dict[str, Any]:
    return {name: iso(value) if name in times else _cell(value) for name, value in row.items()}


def _cell(value: object) -> object:
    """Lists of words as words, everything else that has parts as JSON."""
    if isinstance(value, list | tuple) and all(
        isinstance(each, str | int | float) for each in value
    ):
        return " ".join(map(str, value))
    return json.dumps(value, default=str) if isinstance(value, dict | list | tuple) else value
