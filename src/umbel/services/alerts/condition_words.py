"""The words of an alert condition, from which `condition_parse` takes what each kind needs:
searches, comparisons, numbers, durations and names, each with its place for a mistake."""

from __future__ import annotations

import re
from typing import Final, NoReturn, cast

from umbel.errors import QueryError
from umbel.query.ast import Node
from umbel.query.canonical import canonical
from umbel.query.lexer import LexerToken, TokenKind, Word, tokens
from umbel.query.parse import parse
from umbel.query.quantities import duration, number
from umbel.query.spelling import nearest
from umbel.services.alerts.condition import Operator

_OPERATOR: Final = re.compile(r"(>=|<=|>|<)")

Bounds = tuple[float, float]


class ConditionWords:
    """One reading of one text; `at` and `end` are numbers of its words. Every method raises
    `QueryError` at the word that is wrong."""

    def __init__(self, text: str) -> None:
        self._text = text
        found = tokens(text)
        self._end = found[-1]
        self._tokens = found[:-1]

    def _search(self, at: int, end: int) -> tuple[str, Node]:
        """The search between `of` and the token `end`."""
        if at == end:
            return "", parse("")
        at = self._word(at, "of", "of and a search")
        if at == end:
            refuse("After of comes a search, such as name:billing.*", self._tokens[at - 1])
        start, stop = self._tokens[at].start, self._tokens[end - 1].end
        try:
            query = parse(self._text[start:stop])
        except QueryError as error:
            raise QueryError(
                error.message,
                position=error.position + start,
                end=error.end + start,
                suggestion=error.suggestion,
            ) from None
        return canonical(query), query

    def _comparison(self, at: int) -> tuple[int, int]:
        """The token of the last comparison that stands for itself, and where its value ends: at
        the following `over`, or the end."""
        places = [
            index
            for index in range(at, len(self._tokens))
            if _OPERATOR.match(self._bare(self._tokens[index]))
        ]
        if not places:
            what = "Compare it with a limit, such as > 5 % over 10 min."
            refuse(what, self._end)
        first = places[-1]
        after = range(first + 1, len(self._tokens))
        end = next((i for i in after if self._bare(self._tokens[i]) == "over"), len(self._tokens))
        return first, end

    def _operator(self, at: int) -> Operator:
        found = _OPERATOR.match(self._bare(self._tokens[at]))
        assert found is not None  # noqa: S101  `_comparison` gave it
        return cast("Operator", found[1])

    def _value(self, at: int, end: int, example: str) -> Word:
        """What stands behind the comparison, without spaces."""
        start = self._tokens[at].start + len(self._operator(at))
        stop = self._tokens[end - 1].end
        value = self._squeezed(start, stop)
        if not value.text:
            refuse(f"After the comparison comes a limit, such as {example}.", self._tokens[at])
        return value

    def _share(self, at: int, end: int) -> float:
        value = self._value(at, end, "5 %")
        text = value.cut(0, len(value.text) - 1) if value.text.endswith("%") else value
        percent = number(text)
        if percent > 100:
            raise QueryError("A share is at most 100 %.", position=value.start, end=value.end)
        return percent / 100

    def _number(self, at: int, end: int) -> float:
        return number(self._value(at, end, "1000"))

    def _duration(self, at: int, end: int) -> float:
        return duration(self._value(at, end, "30 s"))

    def _over(self, at: int, bounds: Bounds, default_s: float) -> float:
        if at >= len(self._tokens):
            return default_s
        self._word(at, "over", "over 10 min")
        return self._rest_duration(at + 1, bounds)

    def _rest_duration(self, at: int, bounds: Bounds) -> float:
        first = self._at(at, "a length of time, such as 10 min")
        word = self._squeezed(first.start, self._tokens[-1].end)
        seconds = duration(word)
        low, high = bounds
        if not low <= seconds <= high:
            raise QueryError(
                f"This can be from {_spoken(low)} to {_spoken(high)}.",
                position=word.start,
                end=word.end,
            )
        return seconds

    def _name(self, at: int, what: str) -> str:
        token = self._at(at, what)
        if token.word is None or not token.word.text or not token.closed:
            refuse(f"Here must stand {what}.", token)
        return token.word.text

    def _word(self, at: int, *wanted: str) -> int:
        """The index behind a word that must stand here: the first of `wanted`, or any behind the
        second, which is how an error says it."""
        word, example, *others = wanted
        token = self._at(at, example)
        if self._bare(token) not in (word, *others):
            near = nearest(self._bare(token), [word])
            raise QueryError(
                f"Here must stand {example}.", position=token.start, end=token.end, suggestion=near
            )
        return at + 1

    def _nothing_more(self, at: int) -> None:
        if at < len(self._tokens):
            refuse("The rule ends before this.", self._tokens[at], self._tokens[-1])

    def _at(self, at: int, what: str) -> LexerToken:
        if at >= len(self._tokens):
            refuse(f"Here must stand {what}.", self._end)
        return self._tokens[at]

    def _last(self, *arguments: object) -> int | None:
        *words, at = arguments
        found = [
            index
            for index in range(cast("int", at), len(self._tokens))
            if self._bare(self._tokens[index]) in words
        ]
        return found[-1] if found else None

    def _bare(self, token: LexerToken) -> str:
        """A word as it was written, in small letters; nothing for what has quotes."""
        if token.word is None or token.sort is TokenKind.OPEN or not all(token.word.bare):
            return ""
        return token.word.text.lower()

    def _slice(self, first: LexerToken, last: LexerToken) -> str:
        return self._text[first.start : last.end]

    def _squeezed(self, start: int, stop: int) -> Word:
        """The text of [start, stop) as one word without spaces, that knows where it stood."""
        at = tuple(i for i in range(start, stop) if not self._text[i].isspace())
        text = "".join(self._text[i] for i in at)
        first, end = (at[0], at[-1] + 1) if at else (start, stop)
        return Word(text, (True,) * len(at), at, first, end)


def _spoken(seconds: float) -> str:
    for unit, length in (("days", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def refuse(message: str, first: LexerToken, last: LexerToken | None = None) -> NoReturn:
    """Raises `QueryError` at these words."""
    raise QueryError(message, position=first.start, end=(last or first).end)
