"""What texts a task must have to match a query, as far as the search index can tell.

A need is weaker than its query: whatever matches has it, and some that have it do not
match. It is asked twice: of the index, for which blocks of tasks to look at, and of a task's
texts, which costs a tenth of asking `match`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import msgspec

from umbel.cluster.task import STATES
from umbel.query.ast import And, Argument, Has, How, Matches, Node, Or, Words
from umbel.query.fields import FIELDS
from umbel.query.folding import fold

#: The token size of the index.
GRAM = 3
#: So many grams of a long text are asked for: enough to find few blocks, few enough to be
#: read quickly.
_GRAMS_MAX = 12
#: Stands in the index for a task whose arguments spell characters as escapes.
ESCAPED: Final = "\x01\x02\x03"

_IN_TEXTS: Final = frozenset(
    {"uuid", "args", "kwargs", "result", "exception", "traceback", "client", "exchange",
     "routing_key"}
)  # fmt: skip
#: Asks for a token that hardly any text has.
_NOTHING: Final = '"\x01\x02\x02"'
_escape = re.compile(r"\\[xuU]").search
_PLAIN: Final = re.compile(r"[0-9a-z_ .:/@+-]+")
_PLAIN_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


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


def need_of(node: Node) -> Need | None:
    """What `node` needs; None if that cannot be said of texts."""
    match node:
        case And(nodes):
            return _all([need for each in nodes if (need := need_of(each)) is not None])
        case Or(nodes):
            needs = [need_of(each) for each in nodes]
            known = [need for need in needs if need is not None]
            return AnyOf(tuple(known)) if known and len(known) == len(needs) else None
        case Words(text):
            return _words(fold(text))
        case Matches(field, how, values) if FIELDS[field].name in _IN_TEXTS:
            texts = [_of_text(how, fold(value)) for value in values]
            known = [need for need in texts if need is not None]
            return AnyOf(tuple(known)) if known and len(known) == len(texts) else None
        case Argument():
            return _of_argument(node)
        case Has():
            return None
        case _:
            return None


def _all(needs: list[Need]) -> Need | None:
    return AllOf(tuple(needs)) if needs else None


def _words(wanted: str) -> Need | None:
    if not wanted:
        return None
    states = tuple(state for state in STATES if wanted in fold(state))
    literal = Literal(wanted)
    return AnyOf((literal, InState(states))) if states else literal


def _of_text(how: How, wanted: str) -> Need | None:
    pieces = re.split(r"[*?]+", wanted) if how is How.GLOB else [wanted]
    return _all([Literal(piece) for piece in pieces if piece])


def _of_argument(node: Argument) -> Need | None:
    """The key, if it is a plain keyword, and the plain parts of the value.

    A repr may spell a plain character as an escape. Texts that do so carry a mark, and are
    always looked at.
    """
    pieces = re.split(r"[*?]+", node.value) if node.how is How.GLOB else [node.value]
    literals = {run for piece in pieces for run in _PLAIN.findall(fold(piece))}
    first = node.key.partition(".")[0]
    # Keys are in nearly every task that has them at all: only without a value to look for.
    if max(map(len, literals), default=0) < GRAM and _is_keyword(first):
        literals.add(fold(first))
    found = _all([Literal(text) for text in sorted(literals)])
    return None if found is None else AnyOf((found, Literal(ESCAPED)))


def _is_keyword(key: str) -> bool:
    return _PLAIN_KEY.fullmatch(key) is not None and not key.isdecimal()


def indexed(texts: set[str]) -> str:
    """One folded text that has everything a need can ask of these texts."""
    # With the line breaks, even the last character begins a token.
    joined = fold("\n".join(texts)) + "\n\n"
    return f"{joined}{ESCAPED}" if _escape(joined) else joined


def holds(need: Need, text: str, state: str) -> bool:
    """Whether a task with this text (from `indexed`) and state has the need."""
    match need:
        case Literal(wanted):
            return wanted in text
        case InState(states):
            return state in states
        case AllOf(needs):
            return all(holds(each, text, state) for each in needs)
        case AnyOf(needs):
            return any(holds(each, text, state) for each in needs)


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
