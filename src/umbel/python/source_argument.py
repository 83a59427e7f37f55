"""`on_source`: the decorator by which API functions take `events` first, last opened, or none."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar, cast, overload

from umbel.python.events import EventsLike, is_events, source_of
from umbel.python.sources import Source

P = ParamSpec("P")
R = TypeVar("R", covariant=True)


class OnSource(Protocol[P, R]):
    """Called with `events` first, or without: then what was opened last is asked."""

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...
    @overload
    def __call__(self, events: EventsLike, /, *args: P.args, **kwargs: P.kwargs) -> R: ...


#: Other names of arguments.
_SYNONYMS: Final = {"name": "task_name", "ratelimit": "rate_limit"}


def on_source(function: Callable[Concatenate[Source, P], R]) -> OnSource[P, R]:
    """`function` with its source found; `events=` is understood as well, and so are the other
    names of its arguments."""
    described = inspect.signature(function)
    synonyms = {n: name for n, name in _SYNONYMS.items() if name in described.parameters}

    @functools.wraps(function)
    def found(*args: Any, **kwargs: Any) -> Any:
        for synonym in synonyms.keys() & kwargs.keys():
            kwargs.setdefault(synonyms[synonym], kwargs.pop(synonym))
        events = kwargs.pop("events", None)
        if events is None and args and is_events(args[0]):
            events, args = args[0], args[1:]
        return function(source_of(events), *args, **kwargs)

    first, *others = described.parameters.values()
    events = first.replace(name="events", annotation="EventsLike")
    found.__signature__ = described.replace(parameters=[events, *others])  # type: ignore[attr-defined]
    return cast("OnSource[P, R]", found)
