"""Text filters: what texts a task must have to match a query, as far as the search index can
tell.

A text filter is a superset of its query: whatever matches passes, and some that pass do not
match. It is used twice: on the index (`index_query`), for the blocks of tasks that are to be read,
and on a task's packed facts (`body_prefilter`), which costs a tenth of `match`.

Example: `args:zeb*ra` becomes `AllOf(Literal("zeb"), Literal("ra"))`; the index is asked for
blocks that have both, or only the rarer of them, the bytes of each candidate for both.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from math import prod
from typing import Final, Protocol

import msgspec

from umbel.query.folding import fold
from umbel.store.sqlite.costs import Costs

#: The token size of the index.
GRAM = 3
#: Stands in the index for a task whose arguments spell characters as escapes.
ESCAPED: Final = "\x01\x02\x03"

#: Everything that `str.strip` takes for a blank.
BLANKS: Final = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
#: What can stand before and after an entry of a dictionary or sequence, as
#: `query.arguments` reads it; a line break stands at a text's end.
BEFORE: Final = f"'\"([{{,:{BLANKS}"
AFTER: Final = f"'\",)]}}>{BLANKS}"

#: Asks for a token that hardly any text has.
_NOTHING: Final = '"\x01\x02\x02"'
_escape = re.compile(r"\\[xuU]").search


class Literal(msgspec.Struct, frozen=True):
    """This folded text stands in one of the task's texts."""

    text: str


class Edge(msgspec.Struct, frozen=True):
    """This folded ASCII text stands in an entry of one of the task's texts: at its beginning
    with `first`, at its end with `last`. An entry is what `BEFORE` and `AFTER` enclose."""

    text: str
    first: bool
    last: bool


class InState(msgspec.Struct, frozen=True):
    """The task is in one of these states."""

    states: tuple[str, ...]


class AllOf(msgspec.Struct, frozen=True):
    parts: tuple[TextFilter, ...]


class AnyOf(msgspec.Struct, frozen=True):
    parts: tuple[TextFilter, ...]


TextFilter = Literal | Edge | InState | AllOf | AnyOf


class TokenStatistics(Protocol):
    """Statistics of an index about its tokens, which are `GRAM` characters long."""

    def starting_with(self, text: str) -> list[str] | None:
        """Those that begin with a text of one or two characters; None if they are too many."""

    @property
    def costs(self) -> Costs:
        """By which it is decided what the index is asked for."""

    def share(self, token: str) -> float:
        """In about which part of the blocks it stands."""


class IndexQuery(msgspec.Struct, frozen=True):
    """A query of the index: the blocks that `expression` finds, about `share` of all, and all
    tasks in `states`. The expression has so many `tokens`."""

    expression: str
    tokens: int
    share: float
    states: frozenset[str] = frozenset()


def document_text(texts: set[str]) -> str:
    """The text under which these texts are indexed: folded, with all that a filter can look for."""
    # With the line breaks, even the last character begins a token.
    joined = fold("\n".join(texts)) + "\n\n"
    return f"{joined}{ESCAPED}" if _escape(joined) else joined


def index_query(text_filter: TextFilter, tokens: TokenStatistics) -> IndexQuery | None:
    """The query of the index for `text_filter`; None if the index cannot help."""
    match text_filter:
        case Literal(text):
            return _literal(text, tokens)
        case Edge():
            return _edge(text_filter, tokens)
        case InState():
            return None
        case AllOf(parts):
            return _all_of(
                [found for each in parts if (found := index_query(each, tokens)) is not None],
                tokens.costs,
            )
        case AnyOf(parts):
            return _any_of(parts, tokens)


def _all_of(queries: list[IndexQuery], costs: Costs) -> IndexQuery | None:
    """The rarest of them, as long as another leaves out more than it costs."""
    stateless = sorted((each for each in queries if not each.states), key=lambda each: each.share)
    if not stateless:
        return queries[0] if queries else None
    taken, share = [stateless[0]], stateless[0].share
    for each in stateless[1:]:
        if (
            share * (1.0 - each.share)
            > each.tokens * costs.token_lookup + each.share * costs.token_postings
        ):
            taken.append(each)
            share *= each.share
    expression = " AND ".join(f"({each.expression})" for each in taken)
    return IndexQuery(expression, sum(each.tokens for each in taken), share)


def _any_of(parts: tuple[TextFilter, ...], tokens: TokenStatistics) -> IndexQuery | None:
    states: set[str] = set()
    queries: list[IndexQuery] = []
    for each in parts:
        if isinstance(each, InState):
            states.update(each.states)
            continue
        found = index_query(each, tokens)
        if found is None:
            return None
        states |= found.states
        queries.append(found)
    if not queries:
        return None
    expression = " OR ".join(f"({each.expression})" for each in queries)
    found_by = sum(each.tokens for each in queries)
    return IndexQuery(
        expression, found_by, min(1.0, sum(each.share for each in queries)), frozenset(states)
    )


def _literal(text: str, tokens: TokenStatistics) -> IndexQuery | None:
    if len(text) < GRAM:
        found = tokens.starting_with(text)
        return None if found is None else _one_of(found, tokens.share(text))
    shares = sorted(
        (tokens.share(gram), gram) for gram in grams(text, tokens.costs.trigrams_considered)
    )
    rarest = shares[: tokens.costs.trigrams_queried]
    queries = [IndexQuery(_quoted(gram), 1, share) for share, gram in rarest]
    return _all_of(queries, tokens.costs)


def _edge(edge: Edge, tokens: TokenStatistics) -> IndexQuery | None:
    text = edge.text
    if len(text) == 1:
        return _single(edge, tokens)
    queries = []
    if len(text) >= GRAM and (inner := _literal(text, tokens)) is not None:
        if inner.share <= len(AFTER) * tokens.costs.token_lookup:
            return inner
        queries.append(inner)
    if edge.first:
        queries.append(_any_token((before + text[: GRAM - 1] for before in BEFORE), tokens))
    if edge.last:
        queries.append(_any_token((text[1 - GRAM :] + after for after in AFTER), tokens))
    return _all_of(queries, tokens.costs)


def _single(edge: Edge, tokens: TokenStatistics) -> IndexQuery | None:
    """A single character: with its neighbours it is a token, if both are known."""
    if not edge.first:
        return None
    found: list[str] = []
    for before in BEFORE:
        begun = tokens.starting_with(before + edge.text)
        if begun is None:
            return None
        found += [token for token in begun if not edge.last or token[-1] in AFTER]
    return _one_of(found, tokens.share(edge.text))


def _any_token(wanted: Iterable[str], tokens: TokenStatistics) -> IndexQuery:
    distinct = tuple(dict.fromkeys(wanted))
    # As if none stood beside another.
    return _one_of(distinct, 1.0 - prod(1.0 - tokens.share(each) for each in distinct))


def _one_of(found: Collection[str], share: float) -> IndexQuery:
    return IndexQuery(" OR ".join(map(_quoted, found)) or _NOTHING, len(found), share)


def grams(text: str, most: int) -> list[str]:
    """At most `most` pieces of `text`, evenly spaced, the first and the last with
    them."""
    last = len(text) - GRAM
    count = min(last + 1, most)
    starts = {round(number * last / max(1, count - 1)) for number in range(count)}
    return list(dict.fromkeys(text[start : start + GRAM] for start in sorted(starts)))


def _quoted(gram: str) -> str:
    return '"' + gram.replace('"', '""') + '"'
