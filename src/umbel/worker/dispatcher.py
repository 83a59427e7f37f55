"""Celery's event dispatcher, whose messages go to the stream as well."""

from __future__ import annotations

from typing import Any

from celery.events.dispatcher import EventDispatcher

from umbel.worker.event_stream_writer import streamed

_EventDispatcher: Any = EventDispatcher


class StreamDispatcher(_EventDispatcher):  # type: ignore[misc]
    """An `EventDispatcher` of an application whose `events` is a `StreamEvents`."""

    def _publish(self, *args: Any, **kwargs: Any) -> Any:
        with streamed(self.app.events.stream):
            return super()._publish(*args, **kwargs)
