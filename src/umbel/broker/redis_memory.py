"""How large a key of Redis is, before it is read.

redis-py reads an answer whole, however large it is, and a list can hold messages of half a gigabyte
each. Redis tells cheaply what a key takes.
"""

from __future__ import annotations

from typing import Any

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
