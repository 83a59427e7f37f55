"""Flower's calls over HTTP as objects whose `post` and `get` are awaited.

They are made with nothing, or with the `events` to act on (Flower's or Umbel's); without, what was
opened last is acted on, and if nothing is open Celery's current application. Nothing blocks the
event loop. Over HTTP the same calls are served by `umbel serve` (docs/flower.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from flower.opened import opened
from flower.unserved import NotServed, unserved


class Handler:
    """One call. With a web application and a request it is refused."""

    def __init__(self, events: Any = None, *more: object, **kwargs: object) -> None:
        if more or kwargs:
            raise NotServed(
                f"{type(self).__name__} is no handler of a web application here.",
                remedy="Umbel serves the same address itself; in a program await its post or get "
                f"of {type(self).__name__}().",
            )
        self._events = events

    async def _call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """The function on these events, in a thread."""

        def called() -> Any:
            given = opened(self._events)
            return function(*args, **kwargs) if given is None else function(given, *args, **kwargs)

        return await asyncio.to_thread(called)

    async def _told(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """The same of what workers are told: its sentence."""
        answers = await self._call(function, *args, **kwargs)
        return {"message": answers.sentence}


__getattr__ = unserved(
    __name__,
    {"BaseApiHandler": "Addresses of one's own are not added to Umbel; use umbel.aio in one's own "
     "web application."},
)  # fmt: skip
