"""Access paths: by an index, by a few ids, or by the table itself a query's tasks are found in
one partition.

The counts of shared values say how many tasks each index would give; SQLite itself keeps no
statistics here, and would not know that the newest are wanted first.
"""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from umbel.query.ast import And, Between, Comparison, During, Has, Matches, Node
from umbel.query.fields import FIELDS
from umbel.store.sqlite.costs import Costs
from umbel.store.sqlite.files.columns import CANVAS_IDS, IDS
from umbel.store.sqlite.files.id_runs import RUN_BITS, runs
from umbel.store.sqlite.files.row import id_value
from umbel.store.sqlite.files.stored_numbers import SUCCESS_ID
from umbel.store.sqlite.files.value_dictionary import ValueDictionary
from umbel.store.sqlite.files.zone_map import ZONED
from umbel.store.sqlite.search.conditions import Condition, Parameter

#: What must stand in the WHERE for the partial indexes over tasks without success, over those with
#: an error, and over those that were retried.
UNSUCCESSFUL: Final = f"state < {SUCCESS_ID}"
WITH_ERROR: Final = "error IS NOT NULL"
RETRIED: Final = "(retries > 0 OR retried IS NOT NULL)"


class AccessPath(msgspec.Struct, frozen=True):
    """`index` is the index to use, None for the table itself, and `expected` about how many
    rows that gives. `within` is a list of ids in SQL instead, where few can match.
    `required` must stand in the WHERE for a partial index to be allowed. `values` is how many
    keys of the index are looked up."""

    index: str | None
    expected: int
    within: Condition | None = None
    required: str = ""
    values: int = 1

    def finds_few(self, costs: Costs) -> bool:
        """Whether an index gives so few rows that all are read at once, wherever they lie."""
        return self.index is not None and self.expected <= costs.few_rows


def conjuncts(node: Node) -> Iterator[Node]:
    """The parts of which every match fulfils each."""
    if isinstance(node, And):
        for each in node.nodes:
            yield from conjuncts(each)
    else:
        yield node


def choose(
    node: Node,
    value_dictionary: ValueDictionary,
    newest_id: int,
    costs: Costs,
    fixed: dict[str, set[int]] | None = None,
) -> AccessPath:
    """The cheapest access path to `node`'s tasks in a partition with ids up to `newest_id`.
    `fixed` gives the numbers that shared fields must have besides."""
    found = dict(fixed or {})
    for part in conjuncts(node):
        if not isinstance(part, Matches):
            continue
        field = FIELDS[part.field]
        if field.name in IDS and part.how is Comparison.EQUALS:
            return AccessPath(None, len(part.values), _ids(field.name, part.values, newest_id))
        if field.name in CANVAS_IDS and part.how is Comparison.EQUALS:
            few = _in_canvas(field.name, part.values, newest_id, value_dictionary)
            return AccessPath(None, len(part.values), few)
        if field.name == "error" and not value_dictionary.errors.is_whole:
            continue
        if field.name in {"name", "worker", "state", "error"}:
            ids = set(value_dictionary.matching(field, part.how, part.values))
            found[field.name] = found[field.name] & ids if field.name in found else ids
    return _by_values(found, value_dictionary, newest_id, costs)


def _ids(field: str, values: tuple[str, ...], newest_id: int) -> Condition:
    wanted: tuple[Parameter, ...] = tuple(id_value(value) for value in values)
    placeholders = ",".join("?" * len(wanted))
    of_run = f"SELECT id FROM task WHERE id >> {RUN_BITS} IN ({runs(newest_id)}) AND"
    if field == "uuid":
        return Condition(f"{of_run} uuid IN ({placeholders})", wanted)
    if field == "parent":
        return Condition(f"{of_run} parent IN ({placeholders})", wanted)
    return Condition(
        f"{of_run} root IN ({placeholders}) UNION ALL {of_run} uuid IN ({placeholders})", wanted * 2
    )


def _in_canvas(
    field: str, values: tuple[str, ...], newest_id: int, value_dictionary: ValueDictionary
) -> Condition:
    if not value_dictionary.has_canvas:
        return Condition("SELECT NULL WHERE 0")
    placeholders, column = ",".join("?" * len(values)), CANVAS_IDS[field]
    return Condition(
        f"SELECT id FROM canvas WHERE id >> {RUN_BITS}"
        f" IN ({runs(newest_id)}) AND {column} IN ({placeholders}) AND {column} IS NOT NULL",
        tuple(id_value(value) for value in values),
    )


def _by_values(
    found: dict[str, set[int]], value_dictionary: ValueDictionary, tasks: int, costs: Costs
) -> AccessPath:
    sizes = {field: value_dictionary.tasks(ids) for field, ids in found.items()}
    paths = [AccessPath(None, tasks)]
    indexed = [field for field in ("name", "worker") if field in found]
    paths += [
        AccessPath(f"task_{field}", sizes[field], values=len(found[field])) for field in indexed
    ]
    if "error" in found and value_dictionary.errors.has_index:
        paths.append(
            AccessPath(
                "task_error", sizes["error"], required=WITH_ERROR, values=len(found["error"])
            )
        )
    if "state" in found and max(found["state"], default=0) < SUCCESS_ID:
        required, states = UNSUCCESSFUL, len(found["state"])
        paths.append(AccessPath("task_state", sizes["state"], required=required, values=states))
        for field in indexed:
            both = sizes["state"] * sizes[field] // max(1, tasks)
            values = states * len(found[field])
            paths.append(AccessPath(f"task_state_{field}", both, required=required, values=values))
    return min(paths, key=lambda path: path.expected * (costs.index_row if path.index else 1))


def requires_retry(node: Node) -> bool:
    """Whether every match is a task that was retried."""
    return any(_implies_retry(part) for part in conjuncts(node))


def _implies_retry(part: Node) -> bool:
    match part:
        case Between("retries", low, _, low_open, _):
            return low is not None and (low > 0 or (low == 0 and low_open))
        case During("retried", low, high):
            return low is not None or high is not None
        case Has("retried"):
            return True
        case _:
            return False


def zone_condition(node: Node, now: float) -> Condition | None:
    """Which zones can hold matches of `node`; None if any can."""
    parts: list[str] = []
    parameters: list[Parameter] = []
    for part in conjuncts(node):
        if isinstance(part, During):
            low, high = (None if m is None else m.at(now) for m in (part.low, part.high))
        elif isinstance(part, Between):
            low, high = part.low, part.high
        else:
            continue
        name = "finished" if part.field == "succeeded" else part.field
        if name not in ZONED:
            continue
        if low is not None:
            parts.append(f"{name}_max >= ?")
            parameters.append(low)
        if high is not None:
            parts.append(f"{name}_min <= ?")
            parameters.append(high)
    return Condition(" AND ".join(parts), tuple(parameters)) if parts else None
