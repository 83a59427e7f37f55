"""Facts about deploys folded to marks: what belongs to one deploy is one mark with its span.

A pipeline announces a version, workers are restarted one after the other, and they register other
names of tasks: four facts of one deploy. Facts belong together when one begins no later than
`FOLD_S` after another was over, as long as the whole stays within `SPAN_MAX_S`; two versions that
were announced are two deploys, whenever they were. What was added and removed again within a mark
is not told, as when workers of two kinds are deployed one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from umbel.services.phrases import names, number
from umbel.store.ledger import DEPLOY_NAMES_MAX, Deploy, DeployKind

#: No longer after the one before was over a fact belongs to the same deploy, seconds.
FOLD_S: Final = 300.0
#: No deploy lasts longer than this, seconds.
SPAN_MAX_S: Final = 3_600.0
_KINDS: Final[tuple[DeployKind, ...]] = ("announced", "names", "celery", "restart")
#: So many names stand in a sentence.
_LISTED: Final = 3


class DeployMark(msgspec.Struct, frozen=True, kw_only=True):
    """A deploy, from `at` to `until` (Unix seconds), and how it was noticed (`kinds`). `title`
    names it, and `changes` are sentences that say what changed. `version` and `note` are as `by`
    announced them, null and empty where nobody did; `celery` is the version of Celery where that
    changed. Of the names of tasks that were `added` (`added_count` of them) and `removed` the first
    are told; so many `workers` were restarted, as far as that was seen."""

    id: str
    at: float
    until: float
    kinds: tuple[DeployKind, ...]
    title: str
    changes: tuple[str, ...]
    version: str | None = None
    note: str = ""
    by: str | None = None
    celery: str | None = None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    added_count: int = 0
    removed_count: int = 0
    workers: int = 0


def marks_of(facts: Iterable[Deploy]) -> tuple[DeployMark, ...]:
    """The marks of these facts, the newest first."""
    return tuple(mark_of(each) for each in reversed(folded(facts)))


def folded(facts: Iterable[Deploy]) -> list[list[Deploy]]:
    """The facts of each deploy, the oldest first."""
    found: list[list[Deploy]] = []
    for fact in sorted(facts, key=lambda each: (each.at, each.id)):
        if found and _belongs(fact, found[-1]):
            found[-1].append(fact)
        else:
            found.append([fact])
    return found


def _belongs(fact: Deploy, deploy: Sequence[Deploy]) -> bool:
    until = max(each.until for each in deploy)
    if fact.at > until + FOLD_S or fact.until > deploy[0].at + SPAN_MAX_S:
        return False
    announced = {each.version for each in (fact, *deploy) if each.kind == "announced"}
    return len(announced) <= 1


def mark_of(facts: Sequence[Deploy]) -> DeployMark:
    """One mark of all the facts of a deploy."""
    kinds = tuple(kind for kind in _KINDS if any(each.kind == kind for each in facts))
    announced = next((each for each in facts if each.kind == "announced"), None)
    celery = [each for each in facts if each.kind == "celery"]
    added = tuple(dict.fromkeys(name for each in facts for name in each.added))
    removed = tuple(dict.fromkeys(name for each in facts for name in each.removed))
    both = {*added} & {*removed}
    mark = DeployMark(
        id=min(facts, key=lambda each: (_KINDS.index(each.kind), each.at, each.id)).id,
        at=min(each.at for each in facts),
        until=max(each.until for each in facts),
        kinds=kinds,
        title="",
        changes=(),
        version=None if announced is None else announced.version,
        note="" if announced is None else announced.note,
        by=None if announced is None else announced.actor,
        celery=celery[-1].version if celery else None,
        added=tuple(name for name in added if name not in both)[:DEPLOY_NAMES_MAX],
        removed=tuple(name for name in removed if name not in both)[:DEPLOY_NAMES_MAX],
        added_count=_count([each.added_count for each in facts], added, both),
        removed_count=_count([each.removed_count for each in facts], removed, both),
        workers=max((each.workers for each in facts), default=0),
    )
    changes = tuple(_changes(mark, celery))
    return msgspec.structs.replace(mark, title=_title(mark), changes=changes)


def in_a_sentence(title: str) -> str:
    """`the deploy of 5.7`, `a deploy (workers restarted)`."""
    words = title if title.startswith("Celery ") else title[:1].lower() + title[1:]
    return f"the {words}" if words.startswith("deploy of ") else f"a deploy ({words})"


def _count(counts: Sequence[int], listed: Sequence[str], both: set[str]) -> int:
    """How many names in all: workers of two kinds may have the same new ones."""
    return max(len(listed), *counts) - len(both)


def _title(mark: DeployMark) -> str:
    """`Deploy of 5.7`, `Names of tasks changed`."""
    match mark.kinds[0]:
        case "announced":
            return f"Deploy of {mark.version}"
        case "names":
            return "Names of tasks changed"
        case "celery":
            return f"Celery {mark.celery}"
        case _:
            return "Workers restarted"


def _changes(mark: DeployMark, celery: Sequence[Deploy]) -> Iterable[str]:
    if mark.note:
        yield mark.note
    if mark.added_count:
        yield f"{number(mark.added_count, 'new name')}: {_listed(mark.added, mark.added_count)}."
    if mark.removed_count:
        gone = _listed(mark.removed, mark.removed_count)
        yield f"{number(mark.removed_count, 'name')} gone: {gone}."
    if celery:
        was = f", it was {celery[0].before}" if celery[0].before else ""
        yield f"Workers run Celery {mark.celery}{was}."
    if mark.workers:
        yield f"{number(mark.workers, 'worker')} restarted."


def _listed(some: Sequence[str], count: int) -> str:
    if count <= _LISTED:
        return names(some)
    return f"{', '.join(some[:_LISTED])} and {count - _LISTED:,} more"
