"""A traceback's text, read into its parts: one for each exception of a chain, with its frames.

Python prints a chain from the cause to what came of it, and says between two how they belong
together (`traceback.TracebackException.format`). Sub-exceptions of a group stand indented behind
it; of those only the first is read. Lines are looked at once, in order, and by their beginnings
alone, so that no text takes longer than its length. Whatever cannot be understood is passed over:
a text that was cut, at either end, gives what is left of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import msgspec

#: Of a longer text the end is read, where the exception stands.
READ_MAX: Final = 131_072
_HEADER: Final = "Traceback (most recent call last):"
_GROUP_HEADER: Final = f"Exception Group {_HEADER}"
_CAUSE: Final = "The above exception was the direct cause of the following exception:"
_CONTEXT: Final = "During handling of the above exception, another exception occurred:"
#: The traceback of another process, as the text of an exception of its own
#: (`concurrent.futures.process`, `billiard.einfo`).
_REMOTE: Final = "RemoteTraceback"
_REMOTE_QUOTES: Final = '"""'
_CUT_MARK: Final = "… [cut by Umbel, "
_CUT_MARK_MAX: Final = 60
_TYPE: Final = re.compile(r"[^\W\d]\w*(?:\.(?:[^\W\d]\w*|<locals>))*")
#: Where the first line comes that is not about a frame.
_END_OF_FRAMES: Final = re.compile(r"\n(?! )")
#: Of longer texts nothing is remembered.
_CACHED_MAX: Final = 8_192
_TYPE_MAX: Final = 300
_PATH_MAX, _FUNCTION_MAX = 1_024, 200


class TracebackFrame(msgspec.Struct, frozen=True):
    """Where code ran: the file as Python names it, and the function."""

    path: str
    function: str


class TracebackPart(msgspec.Struct):
    """One exception: its frames, the outermost first. `type` is None where the text ends before
    it. `message` is the first line that says anything. `is_cause`: the next part came of it, as
    `raise ... from` tells. `is_within`: it is the first sub-exception of the group before."""

    type: str | None = None
    message: str = ""
    frames: list[TracebackFrame] = []
    is_cause: bool = False
    is_within: bool = False


def traceback_parts(text: str) -> list[TracebackPart]:
    """The parts of the traceback `text`, in its order; none if it is none."""
    reader = _Reader()
    end = _END_OF_FRAMES.search(text, len(_HEADER)) if text.startswith(_HEADER) else None
    if end is None or len(text) > READ_MAX:
        lines = _lines(text)
    else:
        # Tasks fail again and again along the same frames, with other messages.
        reader.begin(_first_frames(text[: end.start()]))
        lines = _lines(text[end.end() :])
    for line in lines:
        reader.read(line)
    return reader.finished()


@lru_cache(maxsize=1_024)
def _cached_frames(text: str) -> tuple[TracebackFrame, ...]:
    return tuple(filter(None, map(_frame, text.split("\n"))))


def _first_frames(text: str) -> tuple[TracebackFrame, ...]:
    """The frames in the lines behind the header."""
    cached = _cached_frames if len(text) <= _CACHED_MAX else _cached_frames.__wrapped__
    return cached(text)


def _lines(text: str) -> list[str]:
    beheaded = len(text) > READ_MAX
    if beheaded:
        text = text[-READ_MAX:]
    mark = text.rfind(_CUT_MARK, max(0, len(text) - _CUT_MARK_MAX))
    lines = (text if mark < 0 else text[:mark]).split("\n")
    # What is left of the line at a cut may look like something else.
    return lines[1 if beheaded else 0 : len(lines) if mark < 0 else -1]


def split_type(line: str) -> tuple[str, str] | None:
    """The type and the message of a line that names an exception; None if it does not."""
    head, _, message = line.partition(":")
    head = head.rstrip()
    if len(head) > _TYPE_MAX or _TYPE.fullmatch(head) is None:
        return None
    return head, message.strip()


class _Reader:
    def __init__(self) -> None:
        self._parts: list[TracebackPart] = []
        self._part = TracebackPart()
        #: Frames and the exception's own line are expected; else more lines of its message.
        self._is_open = True
        self._in_group = False
        self._is_passing_over = False
        self._embedded = ""

    def begin(self, frames: Iterable[TracebackFrame]) -> None:
        """Take in the frames of the first part."""
        self._part.frames.extend(frames)

    def read(self, line: str) -> None:
        if self._is_passing_over and line[:2] == "  " and line.lstrip()[:1] in ("|", "+"):
            return
        self._is_passing_over = False
        content = self._within_group(line)
        if content is None:
            return
        if self._is_open:
            self._read_open(content)
        elif content in (_CAUSE, _CONTEXT):
            self._close(is_cause=content == _CAUSE)
        elif content.strip():
            self._read_message(content)

    def _within_group(self, line: str) -> str | None:
        """The line without the margin that sub-exceptions have; None if there is only margin."""
        if not self._in_group and _GROUP_HEADER not in line:
            return line
        stripped = line.lstrip()
        if stripped == f"+ {_GROUP_HEADER}":
            self._in_group = True
            return _HEADER
        if stripped.startswith("+-"):
            self._separator(stripped)
            return None
        if stripped.startswith("|"):
            return stripped[2:]
        self._in_group = self._in_group and not stripped
        return line

    def _separator(self, line: str) -> None:
        number = line.strip("+-").strip()
        if number == "1":
            self._close(is_cause=False)
            self._part.is_within = True
        else:
            self._is_passing_over = True

    def _read_open(self, line: str) -> None:
        if line.startswith("  "):
            frame = _frame(line)
            if frame is not None:
                self._part.frames.append(frame)
            return
        if not line or line in (_HEADER, _REMOTE_QUOTES):
            return
        named = split_type(line)
        if named is None:
            return
        if named[0].endswith(_REMOTE):
            # What follows in quotes is a traceback like others.
            return
        self._part.type, self._part.message = named
        self._is_open = False
        self._embedded = ""

    def _read_message(self, line: str) -> None:
        if not self._part.message:
            self._part.message = line.strip()
        elif self._part.message == _HEADER or self._embedded:
            # An exception whose message is a traceback, of which the last line says most.
            self._embedded = line.strip() if not line.startswith("  ") else self._embedded or " "

    def _close(self, *, is_cause: bool) -> None:
        if self._embedded.strip():
            self._part.message = self._embedded.strip()
        self._embedded = ""
        if self._part.type is not None or self._part.frames:
            self._part.is_cause = is_cause
            self._parts.append(self._part)
        self._part = TracebackPart()
        self._is_open = True

    def finished(self) -> list[TracebackPart]:
        self._close(is_cause=False)
        return self._parts


def _frame(line: str) -> TracebackFrame | None:
    """The frame that a line names. The place of an error of syntax has no function, and is
    none."""
    if not line.startswith('  File "'):
        return None
    end = line.rfind('", line ')
    if end < 0:
        return None
    _, found, function = line[end + 8 :].partition(", in ")
    if not found:
        return None
    return TracebackFrame(line[8:end][-_PATH_MAX:], function.strip()[:_FUNCTION_MAX])
