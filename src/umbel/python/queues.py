"""Queues: how full they are, and emptying one. See `workers` for `events`."""

from __future__ import annotations

from collections.abc import Iterable

from umbel.python.answers import Answers, NamedAnswers
from umbel.python.control import act
from umbel.python.source_argument import on_source
from umbel.python.sources import Source


@on_source
def queue_lengths(
    source: Source, /, queues: str | Iterable[str] | None = None
) -> NamedAnswers[int | None]:
    """How many messages wait in each queue that anybody tells of, or in these, by name; None
    where the broker does not say. A queue of which nobody tells is left out."""
    rows, _ = source.queues()
    found = {row.name: row.ready for row in rows}
    if queues is None:
        return NamedAnswers(found)
    names = [queues] if isinstance(queues, str) else list(queues)
    return NamedAnswers({name: found[name] for name in names if name in found})


@on_source
def purge(source: Source, /, queue: str) -> Answers:
    """Remove every message that waits in a queue: these tasks will never run. `sentence` says how
    many there were. Raises `NotSupported` where the broker cannot."""
    return act(source, {"action": "purge", "queue": queue})
