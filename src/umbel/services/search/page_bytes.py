"""Rows of a page in a bounded number of bytes.

A task has four texts of up to 64 kB, so a page of 200 could have 50 MB. Pages up to `PAGE_BYTES`
are as they are, which nearly all are; in a larger one the longest texts are cut to one length that
fits, and each row says which of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec

from umbel.services.search.rows import TaskRow

#: The most bytes of texts on one page.
PAGE_BYTES: Final = 2 * 1024 * 1024
#: Of a character in UTF-8.
_BYTES_MAX: Final = 4
_TEXTS: Final = ("args", "kwargs", "result", "exception")

Row = TypeVar("Row", bound=TaskRow)


def cut_rows(rows: Sequence[Row], most_bytes: int = PAGE_BYTES) -> tuple[Row, ...]:
    """The rows with at most so many bytes of texts."""
    if _surely_fit(rows, most_bytes):
        return tuple(rows)
    sizes = [_size(text) for row in rows for text in _texts(row)]
    if sum(sizes) <= most_bytes:
        return tuple(rows)
    longest = _longest(sizes, most_bytes)
    return tuple(_cut_row(row, longest) for row in rows)


def fitting(rows: Sequence[TaskRow], most_bytes: int = PAGE_BYTES) -> int:
    """How many of the first rows have at most so many bytes of texts together; one at least."""
    if _surely_fit(rows, most_bytes):
        return len(rows)
    size = 0
    for number, row in enumerate(rows):
        size += sum(map(_size, _texts(row)))
        if size > most_bytes:
            return max(1, number)
    return len(rows)


def _surely_fit(rows: Sequence[TaskRow], most_bytes: int) -> bool:
    """Whether the texts fit though every character had four bytes: this is asked of every page,
    so it must be quick."""
    characters = sum(
        len(row.args or "") + len(row.kwargs or "") + len(row.result or "")
        + len(row.exception or "")
        for row in rows
    )  # fmt: skip
    return _BYTES_MAX * characters <= most_bytes


def _longest(sizes: Sequence[int], most_bytes: int) -> int:
    """The length to which texts are cut, so that all fit: short ones leave theirs to others."""
    left, count = most_bytes, len(sizes)
    for size in sorted(sizes):
        if size * count > left:
            return left // count
        left -= size
        count -= 1
    return most_bytes


def _cut_row(row: Row, longest: int) -> Row:
    cut = {
        name: _cut(text, longest)
        for name in _TEXTS
        if (text := getattr(row, name)) is not None and _size(text) > longest
    }
    return msgspec.structs.replace(row, **cut, cut=tuple(cut)) if cut else row


def _cut(text: str, longest: int) -> str:
    if text.isascii():
        return text[:longest] + "…"
    return text.encode("utf-8", "replace")[:longest].decode("utf-8", "ignore") + "…"


def _texts(row: TaskRow) -> list[str]:
    return [text for text in (row.args, row.kwargs, row.result, row.exception) if text is not None]


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
