"""What texts a task must have to match a query, as far as the search index can tell.

A need is weaker than its query: whatever matches has it, and some that have it do not
match. It is asked twice: of the index, for which blocks of tasks to look at, and of a task's
packed facts (`presence`), which costs a tenth of asking `match`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import msgspec

from umbel.query.folding import fold

#: The token size of the index.
GRAM = 3
#: So many grams of a long text are asked for: enough to find few blocks, few enough to be
#: read quickly.
_GRAMS_MAX = 12
#: Stands in the index for a task whose arguments spell characters as escapes.
ESCAPED: Final = "\x01\x02\x03"

#: Asks for a token that hardly any text has.
_NOTHING: Final = '"\x01\x02\x02"'
_escape = re.compile(r"\\[xuU]").search


class Literal(msgspec.Struct, frozen=True):
    """This folded text stands in one of the task's texts."""

    text: str


class InState(msgspec.Struct, frozen=True):
    """The task is in one of these states."""

    states: tuple[str, ...]


class AllOf(msgspec.Struct, frozen=True):
    needs: tuple[Need, ...]


class AnyOf(msgspec.Struct, frozen=True):
    needs: tuple[Need, ...]


Need = Literal | InState | AllOf | AnyOf
#: See `ask`.
Beginning = Callable[[str], list[str] | None]


class Ask(msgspec.Struct, frozen=True):
    """What to look at: the blocks that `expression` finds, and all tasks in `states`."""

    expression: str
    states: frozenset[str] = frozenset()


def indexed(texts: set[str]) -> str:
    """One folded text that has everything a need can ask of these texts."""
    # With the line breaks, even the last character begins a token.
    joined = fold("\n".join(texts)) + "\n\n"
    return f"{joined}{ESCAPED}" if _escape(joined) else joined


def ask(need: Need, beginning: Beginning) -> Ask | None:
    """What to ask of an index; None if it cannot help. `beginning` gives the index's
    tokens that begin with a text, None if they are too many."""
    match need:
        case Literal(text):
            expression = _literal(text, beginning)
            return None if expression is None else Ask(expression)
        case InState():
            return None
        case AllOf(needs):
            asks = [found for each in needs if (found := ask(each, beginning)) is not None]
            stateless = [each for each in asks if not each.states]
            if stateless:
                return Ask(" AND ".join(f"({each.expression})" for each in stateless))
            return asks[0] if asks else None
        case AnyOf(needs):
            return _any_of(needs, beginning)


def _any_of(needs: tuple[Need, ...], beginning: Beginning) -> Ask | None:
    states: set[str] = set()
    expressions: list[str] = []
    for each in needs:
        if isinstance(each, InState):
            states.update(each.states)
            continue
        found = ask(each, beginning)
        if found is None:
            return None
        states |= found.states
        expressions.append(f"({found.expression})")
    return Ask(" OR ".join(expressions), frozenset(states)) if expressions else None


def _literal(text: str, beginning: Beginning) -> str | None:
    if len(text) >= GRAM:
        return " AND ".join(map(_quoted, grams(text)))
    tokens = beginning(text)
    if tokens is None:
        return None
    return " OR ".join(map(_quoted, tokens)) or _NOTHING


def grams(text: str) -> list[str]:
    """At most `_GRAMS_MAX` pieces of `text`, evenly spaced, the first and the last with
    them."""
    last = len(text) - GRAM
    count = min(last + 1, _GRAMS_MAX)
    starts = {round(number * last / max(1, count - 1)) for number in range(count)}
    return list(dict.fromkeys(text[start : start + GRAM] for start in sorted(starts)))


def _quoted(gram: str) -> str:
    return '"' + gram.replace('"', '""') + '"'
