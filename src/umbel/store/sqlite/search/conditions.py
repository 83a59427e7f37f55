"""A query as SQL conditions: what columns can decide of it.

A store keeps some fields as columns and the rest in a compressed body. So a query becomes
two conditions: `upper` holds for every task that matches, and perhaps for others; `lower`
holds for no other, and perhaps not for all. Where they are the same the columns decide
alone; else whoever asks reads the body of the tasks in between and asks `match`.

Both are needed because "not" turns one into the other. Conditions may be NULL for unknown
values, which counts as no; `NOT` is therefore always written `IS NOT TRUE`. Values that
many tasks share are kept as numbers: `SharedValues` resolves them, by the very functions that
`match` compares texts with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

import msgspec

from umbel.query.ast import (
    And,
    Argument,
    Between,
    Comparison,
    During,
    Has,
    Matches,
    Moment,
    Node,
    Not,
    Or,
    Words,
)
from umbel.query.fields import BESIDE, FIELDS, WORDS_IN, Field
from umbel.query.folding import TextTest, fold
from umbel.store.sqlite.files.columns import CANVAS_IDS, IDS, IN_BODY, NUMBERS, SHARED
from umbel.store.sqlite.files.error_progress import MAY_HAVE_ERROR, ErrorProgress
from umbel.store.sqlite.files.stored_numbers import FLAG_BITS

Parameter = str | bytes | int | float


class Condition(msgspec.Struct, frozen=True):
    """A piece of SQL that can stand in a WHERE, with its parameters in order."""

    sql: str
    parameters: tuple[Parameter, ...] = ()


class Bounds(msgspec.Struct, frozen=True):
    """What every match fulfils, and what is enough for a match."""

    upper: Condition
    lower: Condition

    @property
    def exact(self) -> bool:
        """Whether the columns decide alone."""
        return self.upper == self.lower


class SharedValues(Protocol):
    """Values that many tasks share."""

    def ids(self, field: str, test: TextTest) -> list[int]:
        """The numbers of the values of `field` that pass `test`."""

    def containing(self, field: str, folded: str) -> list[int]:
        """The numbers of the values of `field` in which, folded, this text stands."""

    def matching(self, field: Field, how: Comparison, values: Sequence[str]) -> list[int]:
        """The numbers of those that compare `how` with any one of `values`, as `text_test` says."""

    @property
    def has_canvas(self) -> bool:
        """Whether there is a table of groups and chords."""

    @property
    def errors(self) -> ErrorProgress:
        """How far the numbers of errors can be relied on."""


YES: Final = Condition("1")
NO: Final = Condition("0")
_EVERY: Final = Bounds(YES, YES)
_NONE: Final = Bounds(NO, NO)
_UNKNOWN: Final = Bounds(YES, NO)
#: Fields of shared values in which free text is looked for.
_WORDS_SHARED: Final = tuple(field for field in SHARED if field in WORDS_IN)


def to_sql(
    node: Node, value_dictionary: SharedValues, now: float, id_value: Callable[[str], str | bytes]
) -> Bounds:
    """The conditions for `node` at `now` (Unix seconds).

    `id_value` gives the form in which the store keeps a task id. Raises `KeyError` for a
    field that is not in `fields.FIELDS`.
    """
    return _Translation(value_dictionary, now, id_value).node(node)


class _Translation:
    def __init__(
        self, value_dictionary: SharedValues, now: float, id_value: Callable[[str], str | bytes]
    ) -> None:
        self._value_dictionary = value_dictionary
        self._now = now
        self._id_value = id_value

    def node(self, node: Node) -> Bounds:
        match node:
            case And(nodes):
                return all_of([self.node(each) for each in nodes])
            case Or(nodes):
                return any_of([self.node(each) for each in nodes])
            case Not(inner):
                return _negated(self.node(inner))
            case Words(text):
                return self._words(text)
            case Matches():
                return self._matches(node)
            case Between():
                return self._between(node)
            case During(field, low, high):
                return self._between(
                    Between(field, self._moment(low), self._moment(high), high_open=True)
                )
            case Argument():
                return Bounds(_any_bit("args", "kwargs"), NO)
            case Has(field):
                return self._has(field)

    def _moment(self, moment: Moment | None) -> float | None:
        return None if moment is None else moment.at(self._now)

    def _words(self, text: str) -> Bounds:
        wanted = fold(text)
        shared = [
            self._numbered(field, self._value_dictionary.containing(field, wanted))
            for field in _WORDS_SHARED
        ]
        return any_of([*shared, _UNKNOWN])

    def _numbered(self, field: str, found: list[int]) -> Bounds:
        """Tasks that have one of these numbers."""
        if not found:
            numbered = NO
        elif len(found) == 1:
            numbered = Condition(f"{field} = {found[0]}")
        else:
            numbered = Condition(f"{field} IN ({','.join(map(str, found))})")
        return self._errors(numbered) if field == "error" else Bounds(numbered, numbered)

    def _errors(self, numbered: Condition) -> Bounds:
        """Tasks of which the column `error` says so, as far as it can be relied on, and those
        that have to be asked themselves."""
        progress = self._value_dictionary.errors
        if not progress.has_column:
            return Bounds(Condition(MAY_HAVE_ERROR), NO)
        bounds = Bounds(numbered, numbered)
        if progress.since > 1:
            reliable = Condition(f"task.id >= {progress.since}")
            asked = Condition(f"task.id < {progress.since} AND {MAY_HAVE_ERROR}")
            bounds = any_of([all_of([bounds, Bounds(reliable, reliable)]), Bounds(asked, NO)])
        if progress.is_crowded:
            bounds = any_of([bounds, Bounds(Condition(f"error IS NULL AND {MAY_HAVE_ERROR}"), NO)])
        return bounds

    def _matches(self, node: Matches) -> Bounds:
        field = FIELDS[node.field]
        if field.name in SHARED:
            found = self._value_dictionary.matching(field, node.how, node.values)
            return self._numbered(field.name, found)
        if not field.is_text or field.name in BESIDE:
            return _NONE
        if node.how is Comparison.EQUALS and field.name in IDS:
            return self._ids(field.name, node.values)
        if node.how is Comparison.EQUALS and field.name in CANVAS_IDS:
            wanted = tuple(self._id_value(value) for value in node.values)
            return self._canvas(field.name, f"IN ({','.join('?' * len(wanted))})", wanted)
        if field.name in IN_BODY:
            return Bounds(_any_bit(field.name), NO)
        return _UNKNOWN

    def _canvas(self, field: str, what: str, wanted: tuple[Parameter, ...] = ()) -> Bounds:
        """Tasks of which a worker told this of their group or chord."""
        if not self._value_dictionary.has_canvas:
            return _NONE
        of_task = "SELECT 1 FROM canvas WHERE canvas.id = task.id"
        return _exactly(f"EXISTS ({of_task} AND {CANVAS_IDS[field]} {what})", wanted)

    def _ids(self, field: str, values: tuple[str, ...]) -> Bounds:
        wanted = tuple(self._id_value(value) for value in values)
        placeholders = ",".join("?" * len(wanted))
        if field == "root":
            return _exactly(
                f"root IN ({placeholders}) OR (root IS NULL AND uuid IN ({placeholders}))",
                wanted + wanted,
            )
        return _exactly(f"{field} IN ({placeholders})", wanted)

    def _between(self, node: Between) -> Bounds:
        field = FIELDS[node.field]
        column, state = field.name, ""
        if column == "succeeded":
            # The end that decided the state; of a success it is the success.
            column, state = "finished", f"state = {self._success()}"
        if column not in NUMBERS:
            return _NONE
        parts = [state] if state else []
        parameters: list[Parameter] = []
        if node.low is not None:
            parts.append(f"{column} {'>' if node.low_open else '>='} ?")
            parameters.append(node.low)
        if node.high is not None:
            parts.append(f"{column} {'<' if node.high_open else '<='} ?")
            parameters.append(node.high)
        if not parameters:
            parts.append(f"{column} IS NOT NULL")
        return _exactly(" AND ".join(parts), parameters)

    def _has(self, name: str) -> Bounds:
        if name in FLAG_BITS:
            return Bounds(_any_bit(name), _any_bit(name))
        if name in BESIDE:
            return _NONE
        field = FIELDS[name].name
        if field in {"uuid", "root", "state"}:
            return _EVERY
        if field in CANVAS_IDS:
            return self._canvas(field, "IS NOT NULL")
        if field == "succeeded":
            return _exactly(f"state = {self._success()} AND finished IS NOT NULL")
        if field == "error":
            return self._errors(Condition("error IS NOT NULL"))
        return _exactly(f"{field} IS NOT NULL")

    def _success(self) -> int:
        return self._value_dictionary.ids("state", lambda value: value == "SUCCESS")[0]


def _any_bit(*names: str) -> Condition:
    return Condition(f"flags & {sum(FLAG_BITS[name] for name in names)} != 0")


def _exactly(sql: str, parameters: Iterable[Parameter] = ()) -> Bounds:
    condition = Condition(sql, tuple(parameters))
    return Bounds(condition, condition)


def all_of(bounds: list[Bounds]) -> Bounds:
    """Every one of them holds."""
    return Bounds(
        _joined([b.upper for b in bounds], " AND ", YES, NO),
        _joined([b.lower for b in bounds], " AND ", YES, NO),
    )


def any_of(bounds: list[Bounds]) -> Bounds:
    """At least one of them holds."""
    return Bounds(
        _joined([b.upper for b in bounds], " OR ", NO, YES),
        _joined([b.lower for b in bounds], " OR ", NO, YES),
    )


def _joined(
    conditions: list[Condition], word: str, nothing: Condition, decisive: Condition
) -> Condition:
    parts = [condition for condition in conditions if condition != nothing]
    if not parts:
        return nothing
    if decisive in parts:
        return decisive
    if len(parts) == 1:
        return parts[0]
    return Condition(
        word.join(f"({part.sql})" for part in parts),
        tuple(value for part in parts for value in part.parameters),
    )


def _negated(bounds: Bounds) -> Bounds:
    return Bounds(_not(bounds.lower), _not(bounds.upper))


def _not(condition: Condition) -> Condition:
    if condition == YES:
        return NO
    if condition == NO:
        return YES
    return Condition(f"({condition.sql}) IS NOT TRUE", condition.parameters)
