"""Workers: which there are, what they say of themselves, and acting on them.

Every function takes `events` first, as those of `control` do. The names are those of Flower's
HTTP API (`/api/worker/pool/grow`, ...) and of Celery's `inspect`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args

import msgspec

from umbel.python.answers import Answers, NamedAnswers
from umbel.python.attribute_dict import AttributeDict
from umbel.python.control import act, ask
from umbel.python.source_argument import on_source
from umbel.python.sources import Source
from umbel.python.times import TimeLike, unix_span
from umbel.services.cluster.fleet_diff import FleetDiff
from umbel.services.cluster.inspection import Inspected

#: What workers can be asked, by Celery's own names.
INSPECTED: Final[tuple[Inspected, ...]] = get_args(Inspected)


@on_source
def workers(
    source: Source, /, start: TimeLike = None, end: TimeLike = None
) -> NamedAnswers[AttributeDict]:
    """Every worker that is listed, by name: `status` (`online`, `silent`, `offline`, or `unknown`),
    `heard`, `heartbeat`, `active`, `processed`, `loadavg`, `pid`, `sw_ver` and so on; `pool`,
    `queues`, `started` and `memory_bytes`; how many of its tasks `succeeded` and `failed` from
    `start` to `end` (the last hour, unless given), and how often it began anew then (`restarts`).
    Times are Unix seconds, None is unknown. No worker is asked for it.

    Raises `ValueError` for a wrong time."""
    since, until = unix_span(start, end)
    rows = [msgspec.structs.asdict(row) for row in source.workers(since, until).items]
    return NamedAnswers({row["hostname"]: AttributeDict(row) for row in rows})


@on_source
def workers_diff(source: Source, /, name: str = "", deployment: str | None = None) -> FleetDiff:
    """In what online workers differ, those with `name` in theirs, of a `deployment` such as
    `celery@web-*` or of all: `differences` (`kind`, `name`, `values` with `count` and `workers`,
    `odd`), the odd ones first, `odd_workers`, `compared` and `missing`. They are asked; secrets are
    hidden and not compared. Raises what the source raises."""
    return source.workers_diff(name, deployment)


@on_source
def inspect(
    source: Source, /, what: Inspected, workername: str | Iterable[str] | None = None
) -> NamedAnswers[Any]:
    """What all workers, or these, answer to a question of Celery's `inspect`: `stats`, `active`,
    `scheduled`, `reserved`, `revoked`, `registered`, `active_queues` or `conf`, by name. Who cannot
    answers `{"error": words}`; who did not answer is in `missing`. Secrets are hidden."""
    if what not in INSPECTED:
        raise ValueError(f"Workers can be asked for {', '.join(INSPECTED)}, not for {what!r}.")
    names = None if workername is None else _names(workername)
    found = source.inspect(what, names)
    refused = {worker: {"error": words} for worker, words in found.refused.items()}
    return NamedAnswers({**found.values, **refused}, missing=found.missing)


@on_source
def worker_pool_grow(source: Source, /, workername: str | Iterable[str], n: int = 1) -> Answers:
    """Add `n` processes (or threads) to the pool of a worker, or of several. Raises `NoAnswer`."""
    return _ask(source, "pool_grow", workername, n=n)


@on_source
def worker_pool_shrink(source: Source, /, workername: str | Iterable[str], n: int = 1) -> Answers:
    """Take `n` processes (or threads) from it. Raises `NoAnswer`."""
    return _ask(source, "pool_shrink", workername, n=n)


@on_source
def worker_pool_restart(source: Source, /, workername: str | Iterable[str]) -> Answers:
    """Start its pool anew, where `worker_pool_restarts` allows it. Raises `NoAnswer`."""
    return _ask(source, "pool_restart", workername)


@on_source
def worker_pool_autoscale(
    source: Source,
    /,
    workername: str | Iterable[str],
    min: int,  # noqa: A002  the names of Flower's API
    max: int,  # noqa: A002
) -> Answers:
    """Let its pool have between `min` and `max` processes, where it runs with `--autoscale`.
    Raises `NoAnswer`."""
    return _ask(source, "autoscale", workername, min=min, max=max)


@on_source
def worker_queue_add_consumer(
    source: Source, /, workername: str | Iterable[str], queue: str
) -> Answers:
    """Let it take tasks from this queue as well. Raises `NoAnswer`."""
    return _ask(source, "add_consumer", workername, queue=queue)


@on_source
def worker_queue_cancel_consumer(
    source: Source, /, workername: str | Iterable[str], queue: str
) -> Answers:
    """Let it take no more tasks from this queue. Raises `NoAnswer`."""
    return _ask(source, "cancel_consumer", workername, queue=queue)


@on_source
def worker_shutdown(source: Source, /, workername: str | Iterable[str]) -> Answers:
    """End it, once it has done what it runs; workers do not answer to that. All workers are
    `list(workers())`."""
    return act(source, {"action": "shutdown", "workers": _names(workername)})


def _ask(source: Source, action: str, workername: str | Iterable[str], **fields: object) -> Answers:
    request: Mapping[str, object] = {"action": action, "workers": _names(workername), **fields}
    return ask(source, request)


def _names(workername: str | Iterable[str]) -> list[str]:
    """No names at all would mean every worker to those that act: it is refused."""
    names: list[Any] = [workername]
    if isinstance(workername, Iterable) and not isinstance(workername, str):
        names = list(dict.fromkeys(workername))
    if not names or not all(isinstance(each, str) and each for each in names):
        raise ValueError("A worker is named by a text such as celery@host.")
    return names
