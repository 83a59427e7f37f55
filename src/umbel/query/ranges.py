"""Comparisons and ranges: `>5s`, `<=3`, `1m..5m`, `-2h..`, `2026-11-22`.

Numbers are compared as they are; a range has both its ends. Times are spans [from, to): a
bare date is its whole day and a bare clock time its minute or second, a range up to a date
has that day, and everything else is a point.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, tzinfo
from typing import Final

from umbel.errors import QueryError
from umbel.query.ast import Between, During, Moment
from umbel.query.fields import Field, Kind
from umbel.query.lexer import Word
from umbel.query.quantities import duration, number, time

_OPERATORS: Final = (">=", "<=", ">", "<", "=")


def between(field: Field, word: Word) -> Between:
    """The numbers that `word`, what stands after the field's colon, asks for."""
    read = duration if field.kind is Kind.DURATION else number
    operator, rest = _operator(word)
    dots = rest.text.find("..")
    if dots >= 0 and operator in ("", ">", ">="):
        return _number_range(field, word, dots + len(operator), read)
    value = read(_present(field, rest))
    if operator in (">", ">="):
        return Between(field.name, low=value, low_open=operator == ">")
    if operator in ("<", "<="):
        return Between(field.name, high=value, high_open=operator == "<")
    if not operator and field.kind is Kind.DURATION:
        raise QueryError(
            f"No task takes exactly {word.text}; say longer or shorter.",
            position=word.start,
            end=word.end,
            suggestion=f"{field.name}:>{word.text}",
        )
    return Between(field.name, low=value, high=value)


def _number_range(field: Field, word: Word, dots: int, read: Callable[[Word], float]) -> Between:
    below, low_word = _operator(word.cut(0, dots))
    above, high_word = _operator(word.cut(dots + 2))
    if above in (">", ">="):
        raise _misplaced(above, high_word)
    if not low_word.text and not high_word.text:
        raise _endless(field, word)
    low = read(low_word) if low_word.text else None
    high = read(high_word) if high_word.text else None
    if low is not None and high is not None and low > high:
        raise _backwards(word)
    return Between(field.name, low, high, low_open=below == ">", high_open=above == "<")


def during(field: Field, word: Word, zone: tzinfo = UTC) -> During:
    """The span of time that `word`, what stands after the field's colon, asks for;
    times without an offset are in `zone`."""
    operator, rest = _operator(word)
    dots = rest.text.find("..")
    if dots >= 0 and not operator:
        return _time_range(field, word, dots, zone)
    read = time(_present(field, rest), zone)
    if operator == ">":
        return During(field.name, low=read.after if read.is_day else read.moment)
    if operator == ">=":
        return During(field.name, low=read.moment)
    if operator == "<":
        return During(field.name, high=read.until)
    if operator == "<=":
        return During(field.name, high=read.after if read.is_day else read.until)
    if read.moment.relative is not None:
        past = read.moment.relative < 0
        raise QueryError(
            f"{rest.text} is one instant; say since or until when.",
            position=word.start,
            end=word.end,
            suggestion=f"{field.name}:{rest.text}.." if past else f"{field.name}:..{rest.text}",
        )
    return During(field.name, read.moment, read.after)


def _time_range(field: Field, word: Word, dots: int, zone: tzinfo) -> During:
    low_word, high_word = word.cut(0, dots), word.cut(dots + 2)
    if not low_word.text and not high_word.text:
        raise _endless(field, word)
    low = time(low_word, zone).moment if low_word.text else None
    high: Moment | None = None
    if high_word.text:
        read = time(high_word, zone)
        high = read.after if read.is_day else read.until
    if low is not None and high is not None and _is_backwards(low, high):
        raise _backwards(word)
    return During(field.name, low, high)


def _is_backwards(low: Moment, high: Moment) -> bool:
    if low.relative is not None and high.relative is not None:
        return low.relative > high.relative
    if low.absolute is not None and high.absolute is not None:
        return low.absolute > high.absolute
    return False


def _operator(word: Word) -> tuple[str, Word]:
    for operator in _OPERATORS:
        if word.begins(operator):
            return operator, word.cut(len(operator))
    return "", word


def _present(field: Field, word: Word) -> Word:
    if not word.text:
        raise QueryError(f"{field.name}: needs a value.", position=word.start, end=word.end)
    return word


def _endless(field: Field, word: Word) -> QueryError:
    message = f"A range needs one end at least; for any value at all write has:{field.name}."
    return QueryError(message, position=word.start, end=word.end, suggestion=f"has:{field.name}")


def _backwards(word: Word) -> QueryError:
    return QueryError(
        "The range ends before it begins; write the smaller or earlier end first.",
        position=word.start,
        end=word.end,
    )


def _misplaced(operator: str, word: Word) -> QueryError:
    return QueryError(
        f"{operator} cannot stand at the upper end of a range; write < or nothing.",
        position=word.start,
        end=word.end,
    )
