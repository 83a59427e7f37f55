"""Completion of a search text at the caret.

`complete` looks at the text and the caret alone: it says which part would be replaced,
offers what needs no store (fields, states, marks, operators, usual times), and asks for the
values that only a store knows (`lookups`). It reads unfinished and wrong texts as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal

import msgspec

from umbel.cluster.task import STATES
from umbel.errors import QueryError
from umbel.query.describe import STATE_WORDS
from umbel.query.error_terms import error_id
from umbel.query.fields import FIELDS, FLAG_PHRASES, Field, Kind, field
from umbel.query.lexer import LexerToken, TokenKind, Word, as_value, tokens

#: A word must be so long before values of fields are offered for it.
WORD_MIN = 2

#: Fields whose values a store suggests, for a word without a field as well.
_SUGGESTED: Final = ("name", "worker", "queue", "error")
_KEYWORDS: Final = {
    "AND": "Both sides; the same as a space",
    "OR": "Either side",
    "NOT": "Everything but what follows; the same as -",
}
_PREFIXES: Final = {
    "is": "Tasks with a mark: is:redelivered",
    "has": "Tasks that have something: has:traceback",
    "args.": "One argument by its index or key: args.order_id:4711",
}
_DURATIONS: Final = {
    ">1s": "longer than a second",
    ">10s": "longer than ten seconds",
    ">1m": "longer than a minute",
    ">1h": "longer than an hour",
    "<100ms": "shorter than 100 ms",
    "1s..10s": "from one to ten seconds",
}
_COUNTS: Final = {">=1": "one or more", ">=3": "three or more", "0": "none"}
_PAST: Final = {
    "-15m..": "in the last 15 minutes",
    "-1h..": "in the last hour",
    "-24h..": "in the last 24 hours",
    "-7d..": "in the last seven days",
    "..-1h": "more than an hour ago",
}
_FUTURE: Final = {"now..": "from now on", "now..+1h": "within an hour", "..now": "in the past"}


class Candidate(msgspec.Struct, frozen=True):
    """Something to choose: `insert` replaces the span of its `Context`."""

    label: str
    insert: str
    kind: Literal["field", "value", "operator"]
    help: str


class Lookup(msgspec.Struct, frozen=True):
    """Values to ask the store for: `Store.suggest(field, prefix)`. `insertion` makes of a
    value what replaces the span of its `Context`."""

    field: str
    prefix: str
    before: str = ""
    after: str = ""

    def label(self, value: str) -> str:
        """What is shown for a value: of an error its title as well, of which its id is inserted."""
        if not self.before:
            return value
        return f"{self.before}{value}" if self.field == "error" else self.insertion(value)

    def insertion(self, value: str) -> str:
        if self.field == "error":
            value = error_id(value)
        return f"{self.before}{as_value(value)}{self.after}"


class Context(msgspec.Struct, frozen=True):
    """What is being typed. A choice replaces text[start:end]. `field` is the field whose
    value it is, None for a word that is no value (yet); `prefix` is what stands already."""

    start: int
    end: int
    field: str | None = None
    prefix: str = ""
    candidates: tuple[Candidate, ...] = ()
    lookups: tuple[Lookup, ...] = ()


def complete(text: str, caret: int) -> Context:
    """What can be typed at `caret`, an offset in characters into `text`."""
    caret = max(0, min(caret, len(text)))
    try:
        found = tokens(text)
    except QueryError:
        return Context(caret, caret)
    for token in found:
        if token.word is not None and token.start < caret <= token.end:
            return _within(token.word, caret)
    return _word(caret, caret, "", first=_is_first(found, caret))


def _is_first(found: list[LexerToken], caret: int) -> bool:
    """Whether nothing before the caret could be combined with what follows."""
    before = [token for token in found if token.end <= caret and token.sort is not TokenKind.END]
    return not before or before[-1].sort not in (TokenKind.WORD, TokenKind.CLOSE)


def _within(word: Word, caret: int) -> Context:
    typed = sum(position < caret for position in word.at)
    colon = word.find(":")
    if colon < 0 or typed <= colon:
        end = word.end if colon < 0 else word.at[colon] + 1
        return _word(word.start, end, word.text[:typed], first=False)
    name = word.text[:colon].lower()
    begin = colon + 1
    searched = field(name)
    if searched is None or searched.kind is not Kind.LONG:
        while (comma := word.find(",", begin)) >= 0 and comma < typed:
            begin = comma + 1
        next_comma = word.find(",", typed)
    else:
        next_comma = -1
    begin += word.text[begin : begin + 1] in ("~", "=") and begin < typed
    part = word.cut(begin, None if next_comma < 0 else next_comma)
    return _value(name, searched, part.start, part.end, word.text[begin:typed])


def _word(start: int, end: int, typed: str, *, first: bool) -> Context:
    """A word without a field: the beginning of a field's name, or of any value."""
    head, dot, key = typed.partition(".")
    if dot and head.lower() in ("args", "kwargs"):
        lookup = Lookup("key", key, before=f"{head.lower()}.", after=":")
        return Context(start, end, prefix=typed, lookups=(lookup,))
    candidates = [*_fields(typed)]
    if not first:
        candidates += _offered(_KEYWORDS, typed, "operator")
    lookups = [Lookup(name, typed, before=f"{name}:") for name in _SUGGESTED]
    return Context(
        start,
        end,
        prefix=typed,
        candidates=tuple(candidates),
        lookups=tuple(lookups) if len(typed) >= WORD_MIN else (),
    )


def _fields(typed: str) -> Iterator[Candidate]:
    wanted = typed.lower()
    for each in FIELDS.values():
        if any(name.startswith(wanted) for name in (each.name, *each.aliases)):
            yield Candidate(each.name, f"{each.name}:", "field", each.help)
    for name, help_ in _PREFIXES.items():
        if name.startswith(wanted):
            insert = name if name.endswith(".") else f"{name}:"
            yield Candidate(name, insert, "field", help_)


def _value(name: str, searched: Field | None, start: int, end: int, typed: str) -> Context:
    if searched is None:
        candidate = _PREFIXES.get(name) and name
        return Context(start, end, candidate, typed, candidates=tuple(_named(name, typed)))
    lookups: tuple[Lookup, ...] = ()
    if searched.name in _SUGGESTED:
        lookups = (Lookup(searched.name, typed.strip("*")),)
    return Context(start, end, searched.name, typed, tuple(_values(searched, typed)), lookups)


def _named(name: str, typed: str) -> Iterable[Candidate]:
    """Marks after `is:`, fields after `has:`."""
    if name == "is":
        return _offered({flag: f"Tasks that {FLAG_PHRASES[flag]}" for flag in FLAG_PHRASES}, typed)
    if name == "has":
        return _offered({each.name: each.help for each in FIELDS.values()}, typed)
    return ()


def _values(searched: Field, typed: str) -> Iterable[Candidate]:
    if searched.kind is Kind.STATE:
        return _offered({state: f"Tasks that are {STATE_WORDS[state]}" for state in STATES}, typed)
    if searched.kind is Kind.DURATION:
        return _offered(_DURATIONS, typed)
    if searched.kind is Kind.COUNT:
        return _offered(_COUNTS, typed) if searched.name == "retries" else ()
    if searched.kind is Kind.TIME:
        return _offered(_FUTURE if searched.name in {"eta", "expires"} else _PAST, typed)
    return ()


def _offered(
    offers: dict[str, str], typed: str, kind: Literal["value", "operator"] = "value"
) -> Iterator[Candidate]:
    wanted = typed.lower()
    for label, help_ in offers.items():
        if label.lower().startswith(wanted) and label != typed:
            yield Candidate(label, label, kind, help_)
