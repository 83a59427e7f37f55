"""What commands print. Nothing from a cluster reaches a terminal as it came: characters that
are not printable (escape sequences, NUL, direction marks) are shown as `\\x1b`, and so are
those that the encoding of the terminal does not have."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

import click

from umbel.characters import is_seen, visible
from umbel.cli.table_widths import GAP, Column, is_digits, widths_of
from umbel.csv_lines import csv_line
from umbel.errors import OutcomeUntold, UmbelError
from umbel.services.phrases import names

#: How many rows decide how wide columns are.
_MEASURED: Final = 50


def clean(text: object, *, lines: bool = False) -> str:
    """The text without anything that acts on a terminal; line breaks stay with `lines`."""
    return visible(str(text), "\n\t" if lines else "")


def clock(seconds: float | None) -> str:
    """A time as people read it, UTC."""
    if seconds is None:
        return ""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.3f}"


def as_json(row: Any) -> str:
    """One line of JSON. Unprintable characters are escaped, as JSON allows everywhere."""
    text = json.dumps(row, ensure_ascii=not _encoding().startswith("utf"), default=str)
    return "".join(c if is_seen(c) else json.dumps(c)[1:-1] for c in text)


def put(text: str, *, end: str = "\n") -> None:
    """Print text that is clean. Raises `BrokenPipeError` when whoever read has enough, and
    `UmbelError` when it cannot be written, as on a full disk."""
    encoding = _encoding()
    if not text.isascii() and not encoding.startswith("utf"):
        text = text.encode(encoding, "backslashreplace").decode(encoding)
    try:
        click.echo(text + end, nl=False)
    except BrokenPipeError:
        raise
    except OSError as error:
        drop_output()
        raise UmbelError(unwritten(error)) from error


def put_json(row: Any) -> None:
    """Print one line of JSON; times in it are Unix seconds."""
    put(as_json(row))


def say(text: str = "", *, err: bool = False) -> None:
    """Print a line, cleaned."""
    cleaned = clean(text, lines=True)
    if err:
        click.echo(cleaned, err=True)
    else:
        put(cleaned)


def nobody_of(missing: Sequence[str]) -> str:
    """That no worker is among those who answered, with those who did not."""
    return f"nobody that answers; {names(missing)} did not" if missing else "nobody"


@contextlib.contextmanager
def telling(deed: str) -> Iterator[None]:
    """Tell what came of something that is done: whatever fails meanwhile, the error says so
    too (`deed`, a sentence), lest somebody does it twice. Raises `OutcomeUntold`."""
    try:
        yield
    except BrokenPipeError:  # whoever read has enough
        raise
    except Exception as error:
        raise OutcomeUntold(deed, error) from error


def unwritten(error: OSError) -> str:
    """What a person is told of it."""
    return f"The output cannot be written: {error.strerror}."


def drop_output() -> None:
    """Let go of what could not be written, which Python tries once more at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_table(
    rows: Iterable[Mapping[str, str]], columns: Sequence[str], *, header: bool = True
) -> int:
    """Print rows as they come, and say how many there were. At a terminal they are aligned and
    cut to its width, and which columns it has no room for is said; elsewhere they are whole, with
    tabs between."""
    remaining = iter(rows)
    if sys.stdout is None or not sys.stdout.isatty():
        return _print_tabs(remaining, columns, header=header)
    first = list(islice(remaining, _MEASURED))
    measured = [_column(name, first) for name in columns]
    widths = widths_of(measured, shutil.get_terminal_size().columns)
    if header and first:
        put(click.style(_line({c: c.upper() for c in columns}, widths), bold=True))
    count = 0
    for found in (first, remaining):
        for row in found:
            put(_line(row, widths))
            count += 1
    absent = [name for name in columns if name not in widths]
    if header and count and absent:
        say(f"No room here for: {', '.join(absent)}.", err=True)
    return count


def print_csv(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, guarded: bool = True
) -> int:
    """Print rows as CSV with a header, every cell in quotes, so that none is divided where a
    spreadsheet has other separators. `guarded`: texts that a spreadsheet would run as a formula
    get an apostrophe before them, also behind a separator; numbers stay as they are."""
    count = -1
    for values in _and_header(rows, columns):
        put(csv_line(values, guarded=guarded), end="")
        count += 1
    return count


def _and_header(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str]
) -> Iterable[Sequence[Any]]:
    yield columns
    for row in rows:
        yield [row.get(column) for column in columns]


def _print_tabs(rows: Iterable[Mapping[str, str]], columns: Sequence[str], *, header: bool) -> int:
    count = 0
    for row in rows:
        if header and not count:
            put("\t".join(columns))
        put("\t".join(clean(row.get(column, "")) for column in columns))
        count += 1
    return count


def _column(name: str, rows: Sequence[Mapping[str, str]]) -> Column:
    values = [clean(row.get(name, "")) for row in rows]
    widest = max(map(_across, values), default=0)
    return Column(name, len(name), widest, is_digits(values))


def _line(row: Mapping[str, str], widths: Mapping[str, int]) -> str:
    cells = [_cut(clean(row.get(column, "")), width) for column, width in widths.items()]
    return GAP.join(cells).rstrip()


def _cut(text: str, width: int) -> str:
    """Exactly so wide: padded, or cut with a mark."""
    room = width - _across(text)
    if room >= 0:
        return text + " " * room
    head = text[: width - 1]
    while _across(head) >= width:
        head = head[:-1]
    return head + "…" + " " * (width - 1 - _across(head))


def _across(text: str) -> int:
    """How many columns of a terminal it takes: two for a character of East Asia, none for
    one that is written over the one before it."""
    if text.isascii():
        return len(text)
    return sum(
        2 if unicodedata.east_asian_width(each) in "WF" else not unicodedata.combining(each)
        for each in text
    )


def _encoding() -> str:
    """Of standard output, in lower case."""
    return (getattr(sys.stdout, "encoding", None) or "utf-8").lower()
