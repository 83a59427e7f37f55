"""The parser: from a search text to its `ast.Node`.

    query   := either
    either  := all ("OR" all)*
    all     := unary ("AND"? unary)*
    unary   := ("-" | "NOT") unary | "(" either ")" | word

Hand-written descent over `lexer.tokens`. It takes linear time, and refuses texts that are
too long, too deep or of too many terms with a sentence, before any database could choke on
them. Every error is a `QueryError` with the place it is about.
"""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Final

import msgspec

from umbel.errors import QueryError
from umbel.query.ast import EVERYTHING, And, Argument, Matches, Node, Not, Or, Words
from umbel.query.lexer import LexerToken, TokenKind, tokens
from umbel.query.terms import term

#: How deep brackets and negations may be nested.
DEPTH_MAX = 20
#: How many words and comma-separated values a search may have.
TERMS_MAX = 256

_STOPS: Final = (TokenKind.END, TokenKind.CLOSE, TokenKind.AND, TokenKind.OR)


class Chip(msgspec.Struct, frozen=True):
    """One part of a search that can be taken out alone: `text` stood in [start, end).

    `field` is what it asks about, None for free text and groups. The texts of all chips
    but one, joined by spaces, are the search without that one.
    """

    text: str
    start: int
    end: int
    field: str | None
    negated: bool


def parse(text: str, zone: tzinfo = UTC) -> Node:
    """What `text` asks for; an empty text asks for everything. Times without an offset, and
    days, are in `zone`. Raises `QueryError`."""
    return _Parser(tokens(text), zone).query()


def chips(text: str) -> tuple[Chip, ...]:
    """The parts of `text` that must all hold, in order. Raises `QueryError`."""
    parser = _Parser(tokens(text), UTC)
    parser.query()
    return tuple(
        Chip(text[start:end], start, end, _field_of(node), isinstance(node, Not))
        for start, end, node in parser.parts
    )


def _field_of(node: Node) -> str | None:
    if isinstance(node, Not):
        return _field_of(node.node)
    if isinstance(node, Or):
        fields = {_field_of(each) for each in node.nodes}
        return fields.pop() if len(fields) == 1 else None
    if isinstance(node, Argument):
        return f"args.{node.key}"
    if isinstance(node, And | Words):
        return None
    return node.field


class _Parser:
    """One reading of one text. `parts` are the spans and nodes of the outermost AND."""

    def __init__(self, found: list[LexerToken], zone: tzinfo) -> None:
        self._tokens = found
        self._zone = zone
        self._index = 0
        self._terms = 0
        self.parts: list[tuple[int, int, Node]] = []

    def _next(self) -> LexerToken:
        return self._tokens[self._index]

    def _take(self) -> LexerToken:
        token = self._next()
        self._index += 1
        return token

    def query(self) -> Node:
        if self._next().sort is TokenKind.END:
            return EVERYTHING
        node = self._either(0)
        if self._next().sort is TokenKind.CLOSE:
            raise _error("This bracket closes nothing.", self._next())
        return node

    def _either(self, depth: int) -> Node:
        nodes = [self._all(depth)]
        while self._next().sort is TokenKind.OR:
            operator = self._take()
            if self._next().sort in _STOPS:
                raise _error("OR must be followed by a search term.", operator)
            nodes.append(self._all(depth))
        node = _combined(Or, nodes)
        if depth == 0 and len(nodes) > 1:
            self.parts = [(self.parts[0][0], self.parts[-1][1], node)]
        return node

    def _all(self, depth: int) -> Node:
        nodes = [self._part(depth)]
        while self._next().sort not in (TokenKind.END, TokenKind.CLOSE, TokenKind.OR):
            if self._next().sort is TokenKind.AND:
                operator = self._take()
                if self._next().sort in _STOPS:
                    raise _error("AND must be followed by a search term.", operator)
            nodes.append(self._part(depth))
        return _combined(And, nodes)

    def _part(self, depth: int) -> Node:
        start = self._next().start
        node = self._unary(depth)
        if depth == 0:
            self.parts.append((start, self._tokens[self._index - 1].end, node))
        return node

    def _unary(self, depth: int) -> Node:
        token = self._take()
        if depth > DEPTH_MAX:
            raise _error(f"The search is nested more than {DEPTH_MAX} deep.", token)
        if token.sort in (TokenKind.MINUS, TokenKind.NOT):
            return self._negated(token, depth)
        if token.sort is TokenKind.OPEN:
            return self._group(token, depth)
        if token.sort is TokenKind.CLOSE:
            raise _error("This bracket closes nothing.", token)
        if token.sort is not TokenKind.WORD:
            raise _error(f"{token.sort} must stand between search terms.", token)
        return self._word(token)

    def _negated(self, token: LexerToken, depth: int) -> Node:
        following = self._next()
        apart = token.sort is TokenKind.MINUS and following.start > token.end
        if following.sort in _STOPS or apart:
            raise _error(f"{token.sort} must be followed by a search term.", token)
        return Not(self._unary(depth + 1))

    def _group(self, opening: LexerToken, depth: int) -> Node:
        if self._next().sort is TokenKind.CLOSE:
            raise _error("There is nothing in these brackets.", opening, self._next())
        if self._next().sort is TokenKind.END:
            raise _error("This bracket is not closed.", opening)
        node = self._either(depth + 1)
        if self._next().sort is not TokenKind.CLOSE:
            raise _error("This bracket is not closed.", opening)
        self._take()
        return node

    def _word(self, token: LexerToken) -> Node:
        if not token.closed:
            raise _error("The quote is not closed.", token)
        assert token.word is not None  # noqa: S101  every word token has one
        node = term(token.word, self._zone)
        self._terms += _size(node)
        if self._terms > TERMS_MAX:
            raise _error(f"The search has more than {TERMS_MAX} terms.", token)
        return node


def _size(node: Node) -> int:
    if isinstance(node, Or):
        return sum(_size(each) for each in node.nodes)
    return len(node.values) if isinstance(node, Matches) else 1


def _combined(kind: type[And | Or], nodes: list[Node]) -> Node:
    """The nodes as one; of the same kind within each other they are one level."""
    flat: list[Node] = []
    for node in nodes:
        flat.extend(node.nodes if isinstance(node, kind) else (node,))
    return flat[0] if len(flat) == 1 else kind(tuple(flat))


def _error(message: str, first: LexerToken, last: LexerToken | None = None) -> QueryError:
    return QueryError(message, position=first.start, end=(last or first).end)
