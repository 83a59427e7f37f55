"""The lexer: a search text as tokens (words, brackets, AND, OR, NOT, the leading minus).

Quotes may stand anywhere in a word (`name:"a b"*`) and make what is inside plain text;
`\\"` and `\\\\` stand for a quote and a backslash. A word therefore remembers of each of its
characters where it stood and whether it was bare, that is outside quotes: only bare
characters have a meaning (`:`, `,`, `*`, `..`). One pass, linear time, no recursion.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

import msgspec

from umbel.errors import QueryError

#: The longest text that is read, in characters.
TEXT_MAX = 4_000

_ESCAPABLE: Final = frozenset('"\\')
_BRACKETS: Final = frozenset("()")
#: Nothing that was stored holds these (see cluster.decode), and no database takes them.
_IMPOSSIBLE: Final = re.compile("[\0\ud800-\udfff]")
_BARE_WORD: Final = re.compile(r"[^\s()\"\\,*?~=<>][^\s()\"\\,*?]*")


class TokenKind(StrEnum):
    """What a token is; the value is how an error names it."""

    WORD = "a search term"
    OPEN = "("
    CLOSE = ")"
    AND = "AND"
    OR = "OR"
    NOT = "NOT"
    MINUS = "-"
    END = "the end"


_KEYWORDS: Final = {"AND": TokenKind.AND, "OR": TokenKind.OR, "NOT": TokenKind.NOT}


class Word(msgspec.Struct, frozen=True):
    """A run of characters, quotes taken off. `text[i]` stood at `at[i]` of the whole search
    text, and `bare[i]` says whether outside quotes. The word was written in [start, end)."""

    text: str
    bare: tuple[bool, ...]
    at: tuple[int, ...]
    start: int
    end: int

    def find(self, character: str, begin: int = 0) -> int:
        """The index of the first bare `character` from `begin`, or -1."""
        index = self.text.find(character, begin)
        while index >= 0 and not self.bare[index]:
            index = self.text.find(character, index + 1)
        return index

    def cut(self, begin: int, end: int | None = None) -> Word:
        """The part of indexes [begin, end), with the quotes around it."""
        end = len(self.text) if end is None else end
        return Word(
            self.text[begin:end],
            self.bare[begin:end],
            self.at[begin:end],
            self.at[begin - 1] + 1 if begin > 0 else self.start,
            self.at[end] if end < len(self.text) else self.end,
        )

    def split(self, character: str) -> list[Word]:
        """The parts between bare `character`s."""
        parts: list[Word] = []
        begin = 0
        while (index := self.find(character, begin)) >= 0:
            parts.append(self.cut(begin, index))
            begin = index + 1
        return [*parts, self.cut(begin)]

    def begins(self, prefix: str) -> bool:
        """Whether it begins with `prefix`, bare."""
        return self.text.startswith(prefix) and all(self.bare[: len(prefix)])


class LexerToken(msgspec.Struct, frozen=True):
    """One token of [start, end). `closed` is False for a word whose last quote is open."""

    sort: TokenKind
    start: int
    end: int
    word: Word | None = None
    closed: bool = True


def tokens(text: str) -> list[LexerToken]:
    """The tokens of `text`, an END last. Raises `QueryError` for a text that is too long
    or has impossible characters; an open quote is for the parser to refuse."""
    _refuse_impossible(text)
    found: list[LexerToken] = []
    index = 0
    while index < len(text):
        character = text[index]
        if character.isspace():
            index += 1
        elif character in _BRACKETS:
            sort = TokenKind.OPEN if character == "(" else TokenKind.CLOSE
            found.append(LexerToken(sort, index, index + 1))
            index += 1
        elif character == "-":
            found.append(LexerToken(TokenKind.MINUS, index, index + 1))
            index += 1
        else:
            found.append(_word(text, index))
            index = found[-1].end
    return [*found, LexerToken(TokenKind.END, len(text), len(text))]


def _refuse_impossible(text: str) -> None:
    if len(text) > TEXT_MAX:
        raise QueryError(
            f"The search has {len(text):,} characters; it can have {TEXT_MAX:,} at most.",
            position=TEXT_MAX,
            end=len(text),
        )
    impossible = _IMPOSSIBLE.search(text)
    if impossible:
        raise QueryError(
            "The search has a character that no text can have (NUL or half of a pair).",
            position=impossible.start(),
            end=impossible.end(),
        )


def _word(text: str, start: int) -> LexerToken:
    characters: list[str] = []
    bare: list[bool] = []
    at: list[int] = []
    index, quoting = start, False
    while index < len(text):
        character = text[index]
        position = index
        escaped = character == "\\" and text[index + 1 : index + 2] in _ESCAPABLE
        if escaped:
            index += 1
            character = text[index]
        elif character == '"':
            quoting = not quoting
            index += 1
            continue
        elif not quoting and (character.isspace() or character in _BRACKETS):
            break
        characters.append(character)
        bare.append(not quoting and not escaped)
        at.append(position)
        index += 1
    word = Word("".join(characters), tuple(bare), tuple(at), start, index)
    written = text[start:index]
    return LexerToken(
        _KEYWORDS.get(written, TokenKind.WORD), start, index, word, closed=not quoting
    )


def quoted(text: str) -> str:
    """`text` in quotes, so that nothing in it has a meaning."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def as_value(text: str) -> str:
    """`text` as the value after a field's colon, quoted only where it must be."""
    return text if _BARE_WORD.fullmatch(text) else quoted(text)


def as_words(text: str) -> str:
    """`text` as free text, quoted only where it must be."""
    if text in _KEYWORDS or text.startswith("-") or ":" in text:
        return quoted(text)
    return as_value(text)
