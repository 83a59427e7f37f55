"""Deploys as workers show them: what of the fleet was seen before, and how it differs now.

Theory of operation. No event tells the version of an application, but a deploy restarts workers.
A worker began anew when its process is another one, its count of tasks went back, or its name is
new. What it then registers is compared with what workers of its *kind* registered before: the kind
with the most names in common. So a pod that autoscaling brings back is of a kind that is known,
however long none of it ran, and is no deploy; and of a rolling deploy the first new worker shows
what changed. Other names, or another version of Celery, are facts about a deploy. So is that most
of the workers that ran before were replaced within one chain of starts, each no more than
`FOLD_S` after the one before. Autoscaling that doubles the fleet is no such chain.

What was seen outlives the process as JSON in the ledger, since Umbel is often deployed together
with the workers; what workers told of themselves goes with it, so that every process that shows the
cluster knows it. All of it is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from umbel.cluster.worker import ONLINE, Worker
from umbel.services.deploys.marks import FOLD_S, SPAN_MAX_S
from umbel.services.samples.worker_profiles import WorkerProfile
from umbel.store.ledger import DEPLOY_NAMES_MAX, Deploy

#: So many workers, kinds of them, and names of a kind are remembered.
WORKERS_MAX: Final = 5_000
KINDS_MAX: Final = 20
NAMES_MAX: Final = 2_000
#: So many of the last times that a worker began anew are remembered.
RESTARTS_MAX: Final = 20
#: A worker that was asked so often for its names, and did not answer, is judged without.
ATTEMPTS_MAX: Final = 3
#: Kinds are the same when so large a part of all their names is common.
_ALIKE: Final = 0.3


class SeenWorker(msgspec.Struct):
    """A worker as it was seen last: its process, its count of tasks, when it was online last (Unix
    seconds), since when it runs (None: it ran already at the first look), how often it was asked
    for its names, None where nothing is left to ask, and when it began anew under its name."""

    pid: int | None
    processed: int | None
    online: float
    celery: str
    began: float | None = None
    asks: int | None = None
    restarts: list[float] = []


class WorkerKind(msgspec.Struct):
    """What workers of one kind register and run: names of tasks, and the version of Celery."""

    names: frozenset[str]
    celery: str


class Starts(msgspec.Struct):
    """A chain of starts: since when, until when, which workers ran before it and began in it, the
    most that were online at once, as how many the deploy was told, and the ids of the facts that
    were noticed since it began."""

    id: str
    at: float
    until: float
    before: frozenset[str]
    began: set[str]
    peak: int = 0
    count: int = 0
    noticed: set[str] = set()


class Fleet(msgspec.Struct):
    """What was seen since `since`, until `at` (Unix seconds). One thread; give it all workers again
    and again. `profiles` are what workers told last; `is_changed`: it is worth keeping."""

    since: float = 0.0
    at: float = 0.0
    workers: dict[str, SeenWorker] = {}
    kinds: list[WorkerKind] = []
    starts: Starts | None = None
    profiles: dict[str, WorkerProfile] = {}
    is_changed: bool = False

    def take_profiles(self, profiles: Mapping[str, WorkerProfile]) -> None:
        """Remember what workers told of themselves."""
        for name, profile in profiles.items():
            before = self.profiles.get(name)
            if profile == before or profile == WorkerProfile():
                continue
            self.profiles[name] = profile
            # Memory goes up all the time; what is kept now and then is new enough.
            steady = None if before is None else replace(before, max_rss=profile.max_rss)
            self.is_changed = self.is_changed or profile != steady

    def seen(
        self, workers: Sequence[Worker], now: float, new_id: Callable[[], str]
    ) -> list[Deploy]:
        """Look at the workers as they are now; the facts about deploys that this shows."""
        online = {worker.hostname for worker in workers if worker.status(now) == ONLINE}
        ran = self._online_of_late(now)
        began = {}
        for worker in workers:
            start = self._start(worker, now)
            if start is not None:
                if worker.hostname not in online:
                    continue  # it began if it is heard
                began[worker.hostname] = start
            self._remember(worker, now, is_online=worker.hostname in online, start=start)
        self._forget()
        self.at, self.since = now, self.since or now
        if began:
            self.is_changed = True
            self._extend(began, ran, new_id)
        return self._restarts(online, now)

    def due(self) -> tuple[str, ...]:
        """The workers that are to be asked for their names: first those of the first look, by which
        the others are judged."""
        waiting = {
            name: each
            for name, each in self.workers.items()
            if each.asks is not None and each.online == self.at
        }
        first = [name for name, each in waiting.items() if each.began is None]
        return tuple(first or waiting)

    def answered(
        self,
        names: Mapping[str, frozenset[str]],
        questioned: Iterable[str],
        at: float,
        new_id: Callable[[], str],
    ) -> list[Deploy]:
        """Take in what workers answered at `at`, of those that were `questioned`; the facts about
        deploys that this shows."""
        questioned = set(questioned)
        due = set(self.due())
        judged: list[tuple[SeenWorker, frozenset[str] | None]] = []
        for name in sorted(due):
            each = self.workers[name]
            if name in names and (each.began is None or at >= each.began):
                judged.append((each, frozenset(sorted(names[name])[:NAMES_MAX])))
                each.asks = None
            elif name in questioned:
                each.asks = (each.asks or 0) + 1
                if each.asks >= ATTEMPTS_MAX:
                    judged.append((each, None))
                    each.asks = None
        self.is_changed = self.is_changed or bool(judged)
        return _changes(judged, self.kinds, new_id)

    def _online_of_late(self, now: float) -> frozenset[str]:
        """Who ran shortly before this look: all of them may have been stopped before any began."""
        since = min(now, self.at) - FOLD_S
        return frozenset(name for name, each in self.workers.items() if each.online >= since)

    def _start(self, worker: Worker, now: float) -> float | None:
        """When the worker began since the look before; None if it did not."""
        if self.at == 0 or worker.is_shared:
            return None
        before = self.workers.get(worker.hostname)
        if before is not None:
            is_other = None not in (before.pid, worker.pid) and before.pid != worker.pid
            went_back = (
                before.processed is not None
                and worker.processed is not None
                and worker.processed < before.processed
            )
            if not is_other and not went_back:
                return None
        # An event of its coming that is older was another's.
        since = self.at - FOLD_S if before is None else before.online
        came = worker.online
        return came if came is not None and since <= came <= now else now

    def _remember(
        self, worker: Worker, now: float, *, is_online: bool, start: float | None
    ) -> None:
        before = self.workers.get(worker.hostname)
        is_new = start is not None or (before is None and self.at == 0)
        kept = before if before is not None and not is_new else None
        restarts = [] if before is None else before.restarts
        if before is not None and start is not None:
            restarts = [*restarts, start][-RESTARTS_MAX:]
        self.workers[worker.hostname] = SeenWorker(
            pid=worker.pid,
            processed=worker.processed,
            online=now if is_online else (0.0 if before is None else before.online),
            celery=worker.sw_ver or "",
            began=start if kept is None else kept.began,
            asks=(0 if is_new else None) if kept is None else kept.asks,
            restarts=restarts,
        )

    def _forget(self) -> None:
        if len(self.workers) > WORKERS_MAX:
            newest = sorted(self.workers, key=lambda name: -self.workers[name].online)
            self.workers = {name: self.workers[name] for name in newest[:WORKERS_MAX]}
        for name in self.profiles.keys() - self.workers.keys():
            del self.profiles[name]

    def _extend(
        self, began: Mapping[str, float], ran: frozenset[str], new_id: Callable[[], str]
    ) -> None:
        first, last, chain = min(began.values()), max(began.values()), self.starts
        # Whoever came up when nobody ran, and begins again, is deployed now.
        is_again = chain is not None and not chain.before and not chain.began.isdisjoint(began)
        if (
            chain is None
            or is_again
            or first > chain.until + FOLD_S
            or last > chain.at + SPAN_MAX_S
        ):
            chain = Starts(id=new_id(), at=first, until=last, before=ran, began=set())
        chain.at, chain.until = min(chain.at, first), max(chain.until, last)
        chain.began |= began.keys()
        self.starts = chain

    def _restarts(self, online: set[str], now: float) -> list[Deploy]:
        chain = self.starts
        if chain is None or now > chain.until + FOLD_S:
            return []
        chain.peak = max(chain.peak, len(online))
        count, before = len(chain.began & online), len(chain.before)
        replaced = sum(name in chain.began or name not in online for name in chain.before)
        is_most = 2 * replaced > before and 2 * count > before
        if not before or not is_most or chain.peak > 2 * before + 1 or count <= chain.count:
            return []
        chain.count = count
        self.is_changed = True
        return [Deploy(id=chain.id, kind="restart", at=chain.at, until=chain.until, workers=count)]


def _changes(
    judged: Sequence[tuple[SeenWorker, frozenset[str] | None]],
    kinds: list[WorkerKind],
    new_id: Callable[[], str],
) -> list[Deploy]:
    """What workers that began show against the kinds that are known, which are brought up to date;
    those of the first look only make them known."""
    added: set[str] = set()
    removed: set[str] = set()
    renamed: list[float] = []
    celery: list[tuple[float, str, str]] = []
    for worker, names in judged:
        kind = _kind_of(names, kinds)
        is_first = worker.began is None or not kinds
        at = worker.began or 0.0
        if names is not None and (kind is None or kind.names != names):
            before = frozenset[str]() if kind is None else kind.names
            if not is_first:
                added |= names - before
                removed |= before - names
                renamed.append(at)
            if kind is None or is_first:
                kinds.append(WorkerKind(names, worker.celery))
                del kinds[:-KINDS_MAX]
                kind = kinds[-1]
            else:
                kind.names = names
        if worker.celery and kind is not None and kind.celery != worker.celery and not is_first:
            celery.append((at, worker.celery, kind.celery))
            kind.celery = worker.celery
    found = []
    came, went = sorted(added - removed), sorted(removed - added)
    if came or went:
        found.append(
            Deploy(
                id=new_id(),
                kind="names",
                at=min(renamed),
                until=max(renamed),
                added=tuple(came[:DEPLOY_NAMES_MAX]),
                removed=tuple(went[:DEPLOY_NAMES_MAX]),
                added_count=len(came),
                removed_count=len(went),
            )
        )
    if celery:
        times = [at for at, _, _ in celery]
        _, version, before_it = celery[-1]
        found.append(
            Deploy(
                id=new_id(),
                kind="celery",
                at=min(times),
                until=max(times),
                version=version,
                before=before_it,
            )
        )
    return found


def _kind_of(names: frozenset[str] | None, kinds: Sequence[WorkerKind]) -> WorkerKind | None:
    """The kind that registers these names, or most of them; without names the newest one."""
    if names is None:
        return kinds[-1] if kinds else None
    same = next((kind for kind in kinds if kind.names == names), None)
    if same is not None:
        return same
    likeness = {at: _likeness(names, kind.names) for at, kind in enumerate(kinds)}
    most = max(likeness, key=lambda at: likeness[at], default=None)
    return kinds[most] if most is not None and likeness[most] >= _ALIKE else None


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """The part of all names that both have (Jaccard)."""
    return len(one & other) / len(one | other) if one or other else 1.0
