"""Names of queues in an application's configuration: the default, `task_queues`, `task_routes`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def configured_queues(conf: Any) -> tuple[str, ...]:
    """The default queue, `task_queues`, and where `task_routes` lead, each once. Routes that are
    functions are not called: they may do anything."""
    names = (str(conf.task_default_queue), *_of_queues(conf.task_queues), *_of(conf.task_routes))
    return tuple(dict.fromkeys(name for name in names if name))


def _of_queues(queues: object) -> Iterator[str]:
    """Of a mapping by name, or a list of queues or names."""
    for each in queues if isinstance(queues, Iterable) else ():
        yield _name(each)


def _of(routes: object) -> Iterator[str]:
    """Of a mapping from patterns to routes, a list of pairs, or lists of such."""
    if isinstance(routes, Mapping):
        for route in routes.values():
            yield _queue(route)
    elif isinstance(routes, list | tuple):
        if len(routes) == 2 and not isinstance(routes[0], Mapping | list | tuple):
            yield _queue(routes[1])
        else:
            for each in routes:
                yield from _of(each)


def _queue(route: object) -> str:
    return _name(route.get("queue")) if isinstance(route, Mapping) else _name(route)


def _name(queue: object) -> str:
    name = queue if isinstance(queue, str) else getattr(queue, "name", "")
    return name if isinstance(name, str) else ""
