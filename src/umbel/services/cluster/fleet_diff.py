"""In what workers differ: versions, pools, queues, settings and registered names.

Each worker is a set of facts, such as `setting task_acks_late: true`. A fact of which not all
workers have the same value is a difference, and the value that most of them have is the usual one.
The difference of which the fewest workers have another value comes first, since one among fourteen
is more likely a mistake than seven. Of what is hidden (`***`) nothing is known but that it is
there. Pure; `fleet_comparison` asks the workers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, Literal, get_args

import msgspec

from umbel.cluster.worker import Worker
from umbel.services.cluster.queue_inspection import names_of_queues
from umbel.services.cluster.registered_tasks import names_of_tasks
from umbel.services.samples.worker_profiles import pool_size

#: What differs: the version of Celery or system, the pool, the queues that are consumed, a setting,
#: whether a task is registered.
DiffKind = Literal["version", "pool", "queue", "setting", "task"]
_KINDS: Final[tuple[DiffKind, ...]] = get_args(DiffKind)

#: So many differences, workers of a value and odd workers are told, and characters of a value.
DIFFERENCES_MAX: Final = 500
WORKERS_MAX: Final = 20
TEXT_MAX: Final = 300

_SETS: Final = frozenset({"include", "imports", "accept_content", "result_accept_content"})
#: What a fleet has if any of its workers has it.
_OF_ANY: Final = frozenset({"queue", "task"})
_SIZE: Final[tuple[DiffKind, str]] = ("pool", "size")
#: By kind and name, as text.
Facts = Mapping[tuple[DiffKind, str], str]


class DiffValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value (JSON, cut if it is long; null: it has none) that `count` workers have, of whom the
    first are named."""

    value: str | None
    count: int
    workers: tuple[str, ...]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What differs, with its values, the most frequent first. `odd` is how many workers have
    another value than most have; 0 where no value is the most frequent."""

    kind: DiffKind
    name: str
    values: tuple[DiffValue, ...]
    odd: int


class OddWorker(msgspec.Struct, frozen=True, kw_only=True):
    """A worker that differs from most in so many things."""

    name: str
    differences: int


class FleetDiff(msgspec.Struct, frozen=True, kw_only=True):
    """In what `compared` workers differ, the odd ones first, as of `at` (Unix seconds). `missing`
    did not answer; `left_out` online workers were too many to be asked; `not_compared` are the
    kinds for which there was no time; `more` is how many differences are left out."""

    at: float
    compared: int
    differences: tuple[Difference, ...]
    odd_workers: tuple[OddWorker, ...]
    more: int = 0
    missing: tuple[str, ...] = ()
    left_out: int = 0
    not_compared: tuple[DiffKind, ...] = ()


def facts_of(worker: Worker, answers: Mapping[str, object]) -> dict[tuple[DiffKind, str], str]:
    """The facts of a worker by its heartbeats and its `answers` to inspection."""
    facts: dict[tuple[DiffKind, str], str] = {}
    software = {"Celery": worker.sw_ver, "software": worker.sw_ident, "system": worker.sw_sys}
    facts |= {("version", name): _text(value) for name, value in software.items() if value}
    stats = answers.get("stats")
    if isinstance(stats, Mapping):
        pool = stats.get("pool")
        kind = pool.get("implementation") if isinstance(pool, Mapping) else None
        facts |= {("pool", "implementation"): _text(kind)} if isinstance(kind, str) else {}
        size = pool_size(stats)
        facts |= {("pool", "size"): _text(size)} if size is not None else {}
    facts |= {("queue", name): "true" for name in names_of_queues(answers.get("active_queues"))}
    facts |= {("task", name): "true" for name in names_of_tasks(answers.get("registered"))}
    conf = answers.get("conf")
    if isinstance(conf, Mapping):
        facts |= {
            ("setting", str(name)): _text(_unordered(name, value)) for name, value in conf.items()
        }
    return facts


def facts_of_all(facts: Iterable[Facts]) -> dict[tuple[DiffKind, str], str]:
    """The facts of a whole fleet: the queues that any worker consumes, the tasks that any has
    registered, and of all else what most have; `(mixed)` behind it where not all agree."""
    workers = list(facts)
    found: dict[tuple[DiffKind, str], str] = {}
    for key in {key for each in workers for key in each}:
        ranked = Counter(each.get(key) for each in workers).most_common()
        usual = next(value for value, _ in ranked if value is not None)
        if key[0] in _OF_ANY or len(ranked) == 1:
            found[key] = usual
        elif key != _SIZE:  # each worker has its own
            found[key] = f"{usual} (mixed)"
    return found


def compared(
    facts: Mapping[str, Facts], at: float, kinds: Iterable[DiffKind] = _KINDS
) -> FleetDiff:
    """In what the workers, by name, differ, of these kinds."""
    wanted = set(kinds)
    keys = {key for each in facts.values() for key in each if key[0] in wanted}
    found = [each for key in keys if (each := _difference(key, facts)) is not None]
    found.sort(key=lambda each: (each.odd or len(facts), _KINDS.index(each.kind), each.name))
    counts: Counter[str] = Counter()
    for kind, name in ((each.kind, each.name) for each in found if each.odd):
        usual = _usual(kind, name, facts)
        counts.update(w for w, each in facts.items() if each.get((kind, name)) != usual)
    return FleetDiff(
        at=at,
        compared=len(facts),
        differences=tuple(found[:DIFFERENCES_MAX]),
        odd_workers=tuple(
            OddWorker(name=name, differences=count)
            for name, count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))
        )[:WORKERS_MAX],
        more=max(0, len(found) - DIFFERENCES_MAX),
    )


def _usual(kind: DiffKind, name: str, facts: Mapping[str, Facts]) -> str | None:
    return Counter(each.get((kind, name)) for each in facts.values()).most_common(1)[0][0]


def _difference(key: tuple[DiffKind, str], facts: Mapping[str, Facts]) -> Difference | None:
    by_value: dict[str | None, list[str]] = {}
    for worker, each in sorted(facts.items()):
        by_value.setdefault(each.get(key), []).append(worker)
    if len(by_value) < 2:
        return None
    ranked = sorted(by_value.items(), key=lambda item: (-len(item[1]), item[0] or ""))
    is_usual = len(ranked[0][1]) > len(ranked[1][1])
    return Difference(
        kind=key[0],
        name=key[1],
        values=tuple(
            DiffValue(value=_cut(value), count=len(some), workers=tuple(some[:WORKERS_MAX]))
            for value, some in ranked
        )[:WORKERS_MAX],
        odd=len(facts) - len(ranked[0][1]) if is_usual else 0,
    )


def _unordered(name: object, value: object) -> object:
    """Celery gives some settings that are sets as lists, in any order."""
    if name in _SETS and isinstance(value, list):
        return sorted(value, key=str)
    return value


def _text(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= TEXT_MAX else f"{text[:TEXT_MAX]}…"
