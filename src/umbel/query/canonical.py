"""The canonical text of a query: `parse(canonical(node)) == node` for all that `parse` gives.

It is the one spelling of a query: fields by their own names, quotes only where they are
needed, times and numbers exact, and the same in every time zone. Its length can exceed what
`parse` takes only when the text that it came from was near the limit itself.
"""

from __future__ import annotations

import re
from typing import Final

from umbel.query.ast import (
    And,
    Argument,
    Between,
    Comparison,
    During,
    Has,
    Matches,
    Node,
    Not,
    Or,
    Words,
)
from umbel.query.error_terms import begins_with_id
from umbel.query.fields import FIELDS, FLAG_PHRASES, Kind
from umbel.query.lexer import as_value, as_words, quoted
from umbel.query.quantities import duration_text, number_text, time_text

_WILD: Final = re.compile(r"([*?]+)")
_BARE_KEY: Final = re.compile(r"[\w-]+(\.[\w-]+)*")
#: What everything has; its negation is what nothing matches.
_ANYTHING: Final = "has:uuid"


def canonical(node: Node) -> str:
    """The text of `node`; empty for the query that everything matches."""
    if isinstance(node, And):
        return " ".join(_bracketed(each) for each in node.nodes)
    if isinstance(node, Or) and not _listed(node):
        return " OR ".join(_alternative(each) for each in node.nodes) or f"-{_ANYTHING}"
    return _bracketed(node)


def _alternative(node: Node) -> str:
    return (canonical(node) or _ANYTHING) if isinstance(node, And) else _bracketed(node)


def _bracketed(node: Node) -> str:
    """The text of `node` as one term."""
    if isinstance(node, Not):
        return f"-{_bracketed(node.node)}"
    if isinstance(node, Or):
        return _listed(node) or f"({canonical(node)})"
    if isinstance(node, And):
        return f"({canonical(node)})" if node.nodes else _ANYTHING
    head, value = _leaf(node)
    return f"{head}:{value}" if head else value


def _listed(node: Or) -> str | None:
    """Alternatives of one field as `field:a,b`, where that means the same."""
    pairs = [_leaf(each) for each in node.nodes if isinstance(each, Argument | Between | During)]
    heads = {head for head, _ in pairs}
    values = [value for _, value in pairs]
    if len(pairs) < max(2, len(node.nodes)) or len(heads) > 1:
        return None
    if any(value[:1] == "~" or value == '""' for value in values):
        return None
    return f"{heads.pop()}:{','.join(values)}"


def _leaf(node: Words | Matches | Between | During | Argument | Has) -> tuple[str, str]:
    """The field and the value of one term; no field for free text."""
    if isinstance(node, Words):
        return "", as_words(node.text)
    if isinstance(node, Matches):
        return node.field, _matches(node)
    if isinstance(node, Between):
        return node.field, _between(node)
    if isinstance(node, During):
        return node.field, _during(node)
    if isinstance(node, Argument):
        key = node.key if _BARE_KEY.fullmatch(node.key) else quoted(node.key)
        return f"args.{key}", _compared(node.how, (node.value,), Comparison.EQUALS)
    return ("is" if node.field in FLAG_PHRASES else "has"), node.field


def _matches(node: Matches) -> str:
    field = FIELDS[node.field]
    # In kwargs an equals sign would make a pair, even in quotes; ~ says that it does not.
    is_pair = field.name == "kwargs" and any("=" in value for value in node.values)
    # Of errors, what looks like an id would be taken for one.
    is_id = field.name == "error" and any(map(begins_with_id, node.values))
    return _compared(node.how, node.values, None if is_pair or is_id else field.how)


def _compared(how: Comparison, values: tuple[str, ...], default: Comparison | None) -> str:
    if how is Comparison.GLOB:
        return ",".join(_pattern(value) for value in values)
    mark = "" if how is default else "~" if how is Comparison.CONTAINS else "="
    return mark + ",".join(as_value(value) for value in values)


def _pattern(pattern: str) -> str:
    """The pattern, with everything but its wildcards in quotes where it must be."""
    return "".join(
        piece if piece[:1] in "*?" else as_value(piece) for piece in _WILD.split(pattern) if piece
    )


def _between(node: Between) -> str:
    is_duration = FIELDS[node.field].kind is Kind.DURATION
    written = duration_text if is_duration else number_text
    low = written(node.low) if node.low is not None else ""
    high = written(node.high) if node.high is not None else ""
    if low and high:
        if low == high and not (is_duration or node.low_open or node.high_open):
            return low
        return f"{'>' if node.low_open else ''}{low}..{'<' if node.high_open else ''}{high}"
    if low:
        return f"{'>' if node.low_open else '>='}{low}"
    return f"{'<' if node.high_open else '<='}{high}"


def _during(node: During) -> str:
    return "..".join(
        time_text(moment) if moment is not None else "" for moment in (node.low, node.high)
    )
