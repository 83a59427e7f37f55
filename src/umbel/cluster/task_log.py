"""The log of a task is the set of the pieces that its workers told.

A piece is some lines of one run that follow each other. Its key is where it stands: retries, when
the run began, node and process (a message that was delivered twice runs twice, maybe at once), and
the number of its first line. So pieces that come late, twice or out of order make the same log, and
what is missing shows by its numbers.

The set is bounded in bytes without losing that: in the order of keys, the longest beginning of at
most `PER_SIDE_BYTES` and the longest end of as much stay. What stands before a piece only grows, so
what was let go once would be let go of the whole set, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from umbel.cluster.events import Event, LogLine

#: How much text stays of the beginning of a task's log, and of its end.
PER_SIDE_BYTES: Final = 524_288
#: What a piece and a line cost beside the text.
_PIECE_BYTES: Final = 128
_LINE_BYTES: Final = 32
#: What terminals take for a command: colours, titles, moves of the cursor (ECMA-48).
_ESCAPES: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x9b[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?|\x1b[ -/]*[0-~]"
)
_LINE_ENDS: Final = re.compile(r"\r\n?")
_CONTROLS: Final = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n"},
    0x7F: "\N{SYMBOL FOR DELETE}",
    **dict.fromkeys(range(0x80, 0xA0), "\N{REPLACEMENT CHARACTER}"),
}
_find_control: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]").search

#: Retries, when the run began, node, process, number of the first line, lines written by then.
Key = tuple[int, float, str, int, int, int]


class LogPiece(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Where a piece stands and what it says, but for its lines: see `cluster.events.LogLines`.
    `count` is how many lines it has, `size_bytes` about what it takes."""

    retries: int
    started: float
    hostname: str
    pid: int
    first: int
    written: int
    left_out: int
    count: int
    size_bytes: int

    @property
    def key(self) -> Key:
        return (self.retries, self.started, self.hostname, self.pid, self.first, self.written)

    @property
    def run(self) -> tuple[int, float, str, int]:
        return self.key[:4]


class LogRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the task, as far as its worker told of its log: it has `written` so many lines, of
    which `left_out` by the bounds of the worker and `missing` because no event told them, or there
    were more than Umbel keeps of one task. `started` is in Unix seconds, by the worker's clock."""

    retries: int
    started: float
    hostname: str
    pid: int
    written: int
    left_out: int
    missing: int


class LogPart(msgspec.Struct, frozen=True):
    """A piece with its lines."""

    piece: LogPiece
    lines: tuple[LogLine, ...]


def log_part(event: Event) -> LogPart | None:
    """What the event says of its task's log; None if it says nothing."""
    told = event.log_lines
    if told is None or not event.uuid:
        return None
    piece = LogPiece(
        retries=event.retries or 0, started=told.started, hostname=event.hostname,
        pid=event.pid or 0, first=told.first, written=told.written, left_out=told.left_out,
        count=len(told.lines), size_bytes=_size_bytes(told.lines),
    )  # fmt: skip
    return LogPart(piece, told.lines)


def _size_bytes(lines: Iterable[LogLine]) -> int:
    return _PIECE_BYTES + sum(
        _LINE_BYTES + len(line.text.encode("utf-8", "replace")) + len(line.logger) for line in lines
    )


def bounded(sizes: Mapping[Key, int], most_bytes: int = PER_SIDE_BYTES) -> set[Key]:
    """The keys of the pieces that stay, of those with these sizes."""
    if sum(sizes.values()) <= most_bytes:
        return set(sizes)
    keys = sorted(sizes)
    return {*_within(keys, sizes, most_bytes), *_within(keys[::-1], sizes, most_bytes)}


def _within(keys: Sequence[Key], sizes: Mapping[Key, int], most_bytes: int) -> Iterator[Key]:
    size = 0
    for key in keys:
        size += sizes[key]
        if size > most_bytes:
            return
        yield key


def runs(pieces: Iterable[LogPiece]) -> tuple[LogRun, ...]:
    """The runs that these pieces tell of, in the order in which they began."""
    by_run: dict[tuple[int, float, str, int], list[LogPiece]] = {}
    for piece in pieces:
        by_run.setdefault(piece.run, []).append(piece)
    return tuple(_run(by_run[key]) for key in sorted(by_run))


def _run(pieces: list[LogPiece]) -> LogRun:
    last = max(pieces, key=lambda piece: (piece.written, piece.left_out))
    told = sum(piece.count for piece in pieces)
    # Last lines that were counted as left out, until they were told.
    left_out = max(0, min(last.left_out, last.written - told))
    return LogRun(
        retries=last.retries, started=last.started, hostname=last.hostname, pid=last.pid,
        written=last.written, left_out=left_out, missing=max(0, last.written - told - left_out),
    )  # fmt: skip


def plain_text(text: str) -> str:
    """The text without what terminals take for commands; other control characters but tabs and
    ends of lines as signs that can be seen."""
    if _find_control(text) is None:
        return text
    text = _ESCAPES.sub("", text)
    return _LINE_ENDS.sub("\n", text).translate(_CONTROLS)
