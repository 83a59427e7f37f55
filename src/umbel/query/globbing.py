"""Glob patterns with `*` (any run of characters) and `?` (any one), matched in bounded time.

Theory of operation. The pieces between the stars are sought one after the other, each as early
as it can be, which is enough where a backtracking expression would try every way. Question marks
beside a star only keep a distance, so they are counted and not sought. A piece with question
marks inside is sought by an expression that tries it at each place; for a long piece in a long
text that would be the product of both, so there all places are tried at once: for each character
of the pattern one number has a bit for each place where the text has that character, and the
shifted numbers are joined by "and". A piece of 4,000 characters in a text of 64 kB takes some
milliseconds either way.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

TextTest = Callable[[str], bool]

#: A star with what stands beside it.
_STARS: Final = re.compile(r"\?*\*[*?]*")
#: Up to this many comparisons of characters are left to an expression.
_TRIED_MAX: Final = 1_000_000


def glob(pattern: str) -> TextTest:
    """A test whether a whole text fits `pattern`."""
    pieces = _STARS.split(pattern)
    if len(pieces) == 1:
        return _fits(pattern)
    #: How many characters there are between two pieces at least.
    gaps: list[int] = [stars.count("?") for stars in _STARS.findall(pattern)]
    head, tail = _fits(pieces[0]), _fits(pieces[-1])
    head_length, tail_length = len(pieces[0]), len(pieces[-1])
    inner = [(gap, _GlobPiece(piece)) for gap, piece in zip(gaps[:-1], pieces[1:-1], strict=True)]
    last_gap = gaps[-1]

    def test(text: str) -> bool:
        end = len(text) - tail_length
        if end < head_length or not head(text[:head_length]) or not tail(text[end:]):
            return False
        position = head_length
        positions: dict[str, int] = {}
        for gap, piece in inner:
            found = piece.end_in(text, position + gap, end, positions)
            if found is None:
                return False
            position = found
        return position + last_gap <= end

    return test


class _GlobPiece:
    """What stands between two stars: not empty, with no `?` at its ends."""

    def __init__(self, piece: str) -> None:
        self._piece = piece
        self._expression = re.compile(_expression(piece), re.DOTALL) if "?" in piece else None

    def end_in(self, text: str, start: int, end: int, positions: dict[str, int]) -> int | None:
        """Where its first occurrence between `start` and `end` ends. `positions` are those of the
        characters of this text as far as they are known."""
        length = len(self._piece)
        if self._expression is None:
            at = text.find(self._piece, start, end)
            return None if at < 0 else at + length
        if (end - start) * length <= _TRIED_MAX:
            found = self._expression.search(text, start, end)
            return None if found is None else found.end()
        fitting = (1 << max(0, end - start - length + 1)) - 1
        for offset, character in enumerate(self._piece):
            if character != "?" and fitting:
                if character not in positions:
                    positions[character] = _positions(text, character)
                fitting &= positions[character] >> (start + offset)
        return start + (fitting & -fitting).bit_length() - 1 + length if fitting else None


def _positions(text: str, character: str) -> int:
    """A number with a bit for each place where the text has the character."""
    bits = bytearray(len(text) // 8 + 1)
    at = text.find(character)
    while at >= 0:
        bits[at >> 3] |= 1 << (at & 7)
        at = text.find(character, at + 1)
    return int.from_bytes(bits, "little")


def _fits(piece: str) -> TextTest:
    if "?" not in piece:
        return lambda text: text == piece
    expression = re.compile(_expression(piece), re.DOTALL)
    return lambda text: expression.fullmatch(text) is not None


def _expression(piece: str) -> str:
    return "".join("." if character == "?" else re.escape(character) for character in piece)
