"""How Sentinels are asked where the master is: each of them once, and within a deadline.

redis-py by itself tries one that is gone four times over four seconds, waits for one that is silent
as long as the system lets it, and begins with it each time. Sentinels often go with the master
whose machine they share, so this is what a failover looks like.
"""

from __future__ import annotations

from typing import Any, Final

from umbel.broker.addresses import parts_of

_OPTION: Final = "sentinel_kwargs"


def ask_in_time(
    connection: Any, template: Any, connect_s: float, reply_s: float, *, strict: bool
) -> None:
    """Let a clone of `template` that is not connected yet ask all its Sentinels within `connect_s`,
    the one at which the template stands first; `strict`: whatever its options say of times.
    Nothing happens on other transports. Source: kombu/transport/redis.py (`SentinelChannel`)."""
    channel = getattr(template.transport, "Channel", None)
    if _OPTION not in getattr(channel, "from_transport_options", ()):
        return
    connection.alt = _current_first(template)
    options = connection.transport_options
    theirs = options.get(_OPTION) or {}
    if isinstance(theirs, dict):
        deadlines = _deadlines(len(connection.alt), connect_s, reply_s)
        chosen = {**theirs, **deadlines} if strict else {**deadlines, **theirs}
        connection.transport_options = {**options, _OPTION: {**_once(), **chosen}}


def _once() -> dict[str, object]:
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return {"socket_keepalive": True, "retry": Retry(NoBackoff(), 0)}


def _deadlines(sentinels: int, connect_s: float, reply_s: float) -> dict[str, object]:
    share = max(1, sentinels)
    return {
        "socket_connect_timeout": connect_s / share,
        "socket_timeout": min(connect_s, reply_s) / share,
    }


def _current_first(template: Any) -> list[str]:
    urls = list(template.alt or ())
    current = (template.hostname, template.port)
    for number, url in enumerate(urls):
        parts = parts_of(url)
        if (parts["hostname"], parts["port"]) == current:
            return urls[number:] + urls[:number]
    return urls
