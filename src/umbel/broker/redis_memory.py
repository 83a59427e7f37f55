"""How large a key of Redis is, before it is read, and how Redis makes room.

redis-py reads an answer whole, however large it is, and a list can hold messages of half a gigabyte
each. Redis tells cheaply what a key takes.
"""

from __future__ import annotations

from typing import Any

from umbel.broker.base import BrokerMemory

#: So many parts of a key are looked at to tell its size from.
_SAMPLES = 5


def memory_bytes(client: Any, key: str, *, exactly: bool = False) -> int:
    """What the value of a key takes, about, or `exactly` (which looks at all of it); 0 where Redis
    does not tell: there is none, this user may not ask, or it is no real Redis."""
    from redis.exceptions import ResponseError

    try:
        found = client.memory_usage(key, samples=0 if exactly else _SAMPLES)
    except ResponseError:
        return 0
    return found if isinstance(found, int) else 0


def broker_memory(client: Any) -> BrokerMemory | None:
    """What `INFO` tells; None where this user may not ask, or it tells no policy."""
    from redis.exceptions import ResponseError

    try:
        memory, stats = client.info("memory"), client.info("stats")
    except ResponseError:
        return None
    policy = memory.get("maxmemory_policy")
    if not isinstance(policy, str):
        return None
    return BrokerMemory(
        policy=policy,
        limit_bytes=_whole(memory.get("maxmemory")) or None,
        evicted=_whole(stats.get("evicted_keys")),
    )


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
