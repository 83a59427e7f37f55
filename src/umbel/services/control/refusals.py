"""Errors of workers that refused a command, as sentences for people.

Celery answers a command that failed inside the worker with Python's exception: its `repr`
(kombu/pidbox.py), or what its message says. That a pool cannot grow is then told as
`AttributeError("'TaskPool' object has no attribute 'grow'")`. Sources of the cases:
celery/worker/control.py, celery/concurrency/.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from umbel.broker.base import Cluster
from umbel.errors import BrokerError
from umbel.services.control.phrases import cut

#: What a pool has not got, and so cannot do.
_LACKING: Final = re.compile(
    r"Pool\w*'? object has no attribute '(?:on_)?(?P<a>grow|shrink|terminate_job|restart)'"
    r"|does not implement (?P<b>kill_job|terminate_job|grow|shrink|restart)"
)
_DEEDS: Final = {
    "grow": "grow", "shrink": "shrink", "kill_job": "terminate", "terminate_job": "terminate",
    "restart": "restart",
}  # fmt: skip
#: `ValueError('Autoscale not enabled')`, with the class and its message.
_REPR: Final = re.compile(r"(?P<kind>\w+(?:Error|Exception|Exit|Warning))\((?P<message>.*)\)", re.S)
#: Classes whose messages are written for people.
_SPOKEN: Final = frozenset({"ValueError", "RuntimeError", "ImproperlyConfigured"})
#: Python's own sentences about programs.
_PYTHONS: Final = re.compile(
    r"object has no attribute|positional argument|unexpected keyword|is not (?:callable|iterable"
    r"|subscriptable)|unsupported operand|NotImplemented|Traceback"
)
#: The modules of pools, by what people call them (celery/concurrency/__init__.py).
_POOLS: Final = {
    "thread": "threads", "solo": "solo", "gevent": "gevent", "eventlet": "eventlet",
    "prefork": "prefork",
}  # fmt: skip


def in_words(error: str, pool: str | None = None) -> str:
    """The sentence for what a worker answered; `pool` is the kind of its pool, if known."""
    lacking = _LACKING.search(error)
    if lacking is not None:
        named = f" ({pool})" if pool else ""
        return (
            f"Refused by the worker: its pool{named} cannot {_DEEDS[lacking['a'] or lacking['b']]}."
        )
    found = _REPR.fullmatch(error.strip())
    message = _unquoted(found["message"].strip()) if found is not None else error
    if found is not None and found["kind"] in _SPOKEN and not _PYTHONS.search(message):
        return cut(message)
    if found is not None or _PYTHONS.search(error):
        return cut(f"It failed inside the worker, whose log has more. Python says: {message}")
    return cut(error)


def _unquoted(text: str) -> str:
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text


def is_of_pool(error: str) -> bool:
    """Whether it depends on the kind of the worker's pool."""
    return _LACKING.search(error) is not None


def pool_of(worker: str, cluster: Cluster) -> str | None:
    """The kind of a worker's pool (`threads`), if it says."""
    try:
        replies = cluster.ask("stats", workers=[worker])
    except BrokerError:
        return None
    for reply in replies:
        pool = reply.value.get("pool") if isinstance(reply.value, Mapping) else None
        named = pool.get("implementation") if isinstance(pool, Mapping) else None
        if isinstance(named, str):
            return _POOLS.get(named.partition(":")[0].rpartition(".")[2])
    return None
