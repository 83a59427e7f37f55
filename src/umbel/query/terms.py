"""Terms: one word of a search as a node, which is free text, or `field:value`.

The kind of the field decides what may stand after its colon; `fields.Kind` lists them. A
word before a colon that is no field and near to none makes the whole word free text, as
Flower has it (`http://...`, `KeyError:`); one that is near to a field is taken for a slip.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, tzinfo
from typing import Final

from umbel.cluster.task import STATES
from umbel.errors import QueryError
from umbel.query.ast import Argument, Comparison, Has, Matches, Node, Or, Words
from umbel.query.error_terms import begins_with_id
from umbel.query.fields import FIELD_NAMES, FIELDS, FLAG_PHRASES, Field, Kind, field
from umbel.query.lexer import Word
from umbel.query.ranges import between, during
from umbel.query.spelling import nearest

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TASK_ID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ARGUMENTS: Final = ("args", "kwargs")
_PREFIXES: Final = ("is", "has")
#: Words that people use for states.
_STATE_WORDS: Final = {
    "FAILED": "FAILURE", "ERROR": "FAILURE", "SUCCEEDED": "SUCCESS", "DONE": "SUCCESS",
    "RUNNING": "STARTED", "ACTIVE": "STARTED", "RETRYING": "RETRY", "RETRIED": "RETRY",
    "WAITING": "RECEIVED", "RESERVED": "RECEIVED", "SENT": "PENDING", "QUEUED": "PENDING",
    "CANCELLED": "REVOKED", "CANCELED": "REVOKED", "LOST": "UNKNOWN",
}  # fmt: skip


def term(word: Word, zone: tzinfo = UTC) -> Node:
    """What `word` asks for; times without an offset are in `zone`. Raises `QueryError`."""
    colon = word.find(":")
    if colon > 0:
        found = _fielded(word.cut(0, colon), word.cut(colon + 1), zone)
        if found is not None:
            return found
    if not word.text:
        raise QueryError("A search term is empty.", position=word.start, end=word.end)
    return Words(word.text)


def _fielded(name: Word, value: Word, zone: tzinfo) -> Node | None:
    dot = name.find(".")
    head = name.cut(0, dot) if dot >= 0 else name
    if not _NAME.fullmatch(head.text) or not all(head.bare):
        return None
    if dot >= 0:
        if head.text.lower() not in _ARGUMENTS:
            return None
        return _argument(name.cut(dot + 1), value, name)
    if head.text.lower() == "is":
        return _each(name, value, _flag)
    if head.text.lower() == "has":
        return _each(name, value, _has)
    searched = field(head.text)
    if searched is None:
        _refuse_slip(head, value)
        return None
    return _compared(searched, name, value, zone)


def _refuse_slip(name: Word, value: Word) -> None:
    meant = nearest(name.text, (*FIELD_NAMES, *_PREFIXES))
    if meant is not None and value.text and not value.text.startswith("//"):
        raise QueryError(
            f"There is no field {name.text}; to search for the text itself, put it in quotes.",
            position=name.start,
            end=name.end,
            suggestion=meant,
        )


def _compared(searched: Field, name: Word, value: Word, zone: tzinfo) -> Node:
    if searched.kind is Kind.LONG:
        return _long(searched, name, value)
    if searched.kind is Kind.STATE:
        return _state(name, value)
    if searched.kind is Kind.TIME:
        return _each(name, value, lambda part: during(searched, part, zone))
    if searched.kind in (Kind.COUNT, Kind.DURATION):
        return _each(name, value, lambda part: between(searched, part))
    return _text(searched, name, value)


def _each(name: Word, value: Word, read: Callable[[Word], Node]) -> Node:
    return _any_of([read(part) for part in _parts(name, value)])


def _any_of(nodes: Sequence[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else Or(tuple(nodes))


def _parts(name: Word, value: Word) -> list[Word]:
    """The values between commas; none may be missing."""
    parts = value.split(",")
    for part in parts:
        if not part.text:
            lacking = "lacks a value beside a comma"
            if len(parts) == 1:
                lacking = "needs a value; one with spaces or brackets stands in quotes"
            raise QueryError(f"{name.text}: {lacking}.", position=name.start, end=part.end)
    return parts


def _long(searched: Field, name: Word, value: Word) -> Node:
    how, rest = _how(value)
    if how is None and searched.name == "kwargs" and "=" in rest.text:
        key, _, wanted = rest.text.partition("=")
        return Argument(key.strip(), wanted.strip())
    if not rest.text:
        _parts(name, rest.cut(0, 0))
    return Matches(searched.name, how or Comparison.CONTAINS, (rest.text,))


def _state(name: Word, value: Word) -> Node:
    how, rest = _how(value)
    if how is Comparison.CONTAINS:
        raise QueryError(
            "A state is named whole: state:FAILURE,RETRY.",
            position=value.start,
            end=value.end,
        )
    states: dict[str, None] = {}
    for part in _parts(name, rest):
        state = part.text.upper()
        if state not in STATES:
            raise QueryError(
                f"There is no state {part.text[:40]}; states are {', '.join(STATES)}.",
                position=part.start,
                end=part.end,
                suggestion=_STATE_WORDS.get(state) or nearest(state, STATES),
            )
        states[state] = None
    return Matches("state", Comparison.EQUALS, tuple(states))


def _text(searched: Field, name: Word, value: Word) -> Node:
    explicit, rest = _how(value)
    by_how: dict[Comparison, list[str]] = {}
    for part in _parts(name, rest):
        how, text = _comparison(part, explicit, searched.how)
        if searched.name == "error" and explicit is None and begins_with_id(text):
            how = Comparison.EQUALS
        if searched.kind is Kind.ID and _TASK_ID.fullmatch(text):
            text = text.lower()
        by_how.setdefault(how, []).append(text)
    return _any_of([Matches(searched.name, how, tuple(texts)) for how, texts in by_how.items()])


def _argument(key: Word, value: Word, name: Word) -> Node:
    if not key.text:
        message = f"{name.text} needs an index or a key, such as args.0 or kwargs.order_id."
        raise QueryError(message, position=name.start, end=name.end)
    explicit, rest = _how(value)
    is_empty_text = not rest.text and rest.end > rest.start  # "", an argument like others
    parts = [rest] if is_empty_text else _parts(name, rest)
    nodes: list[Node] = []
    for part in parts:
        how, text = _comparison(part, explicit, Comparison.EQUALS)
        nodes.append(Argument(key.text, text, how))
    return _any_of(nodes)


def _how(value: Word) -> tuple[Comparison | None, Word]:
    """The comparison that `value` names itself, and the rest of it."""
    if value.begins("~"):
        return Comparison.CONTAINS, value.cut(1)
    if value.begins("="):
        return Comparison.EQUALS, value.cut(1)
    return None, value


def _comparison(
    part: Word, explicit: Comparison | None, default: Comparison
) -> tuple[Comparison, str]:
    is_pattern = part.find("*") >= 0 or part.find("?") >= 0
    if explicit is not None or not is_pattern:
        return explicit or default, part.text
    for index, character in enumerate(part.text):
        if character in "*?" and not part.bare[index]:
            raise QueryError(
                f"A pattern cannot have a {character} of its own; write ? for it, outside quotes.",
                position=part.at[index],
                end=part.at[index] + 1,
            )
    return Comparison.GLOB, part.text


def _flag(part: Word) -> Node:
    flag = part.text.lower().replace("_", "-")
    if flag in FLAG_PHRASES:
        return Has(flag)
    state = part.text.upper()
    state = _STATE_WORDS.get(state, state)
    raise QueryError(
        f"There is no mark {part.text[:40]}; marks are {', '.join(FLAG_PHRASES)}.",
        position=part.start,
        end=part.end,
        suggestion=f"state:{state}" if state in STATES else nearest(flag, FLAG_PHRASES),
    )


def _has(part: Word) -> Node:
    searched = field(part.text)
    if searched is not None:
        return Has(searched.name)
    flag = part.text.lower().replace("_", "-")
    raise QueryError(
        f"There is no field {part.text[:40]}.",
        position=part.start,
        end=part.end,
        suggestion=f"is:{flag}" if flag in FLAG_PHRASES else nearest(part.text, FIELDS),
    )
