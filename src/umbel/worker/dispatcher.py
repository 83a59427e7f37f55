"""Celery's event dispatcher, whose messages go to the stream as well, which loses no events of a
pool of threads, and whose events of received tasks may have the complete arguments, and where in
its workflow it is."""

from __future__ import annotations

import logging
from typing import Any

from celery import signals
from celery.events.dispatcher import EventDispatcher

from umbel.worker.canvas import canvas
from umbel.worker.event_stream_writer import streamed
from umbel.worker.task_arguments import complete_arguments

log = logging.getLogger("umbel.worker")

_EventDispatcher: Any = EventDispatcher
#: The request that this process received last, for which the next event is.
_received: list[Any] = [None]


class StreamDispatcher(_EventDispatcher):  # type: ignore[misc]
    """An `EventDispatcher` of an application whose `events` is a `StreamEvents`."""

    def _publish(self, *args: Any, **kwargs: Any) -> Any:
        with streamed(self.app.events.stream):
            return super()._publish(*args, **kwargs)

    def send(self, type: str, *args: Any, **fields: Any) -> Any:  # noqa: A002  Celery's own name
        if type == "task-received":
            fields = self._completed(dict(fields))
        return super().send(type, *args, **fields)

    def flush(self, errors: bool = True, groups: bool = True) -> None:
        """Before Celery 5.7 what threads tell while a batch is sent is cleared with it."""
        super().flush(errors=errors, groups=False)
        if not groups:
            return
        with self.mutex:
            for group, events in self._group_buffer.items():
                while events and not getattr(self, "_closed", False):
                    batch = list(events)
                    self._publish(batch, self.producer, f"{group}.multi")
                    del events[: len(batch)]

    def _completed(self, fields: dict[str, Any]) -> dict[str, Any]:
        events = self.app.events
        request = _received[0]
        if request is None or request.id != fields.get("uuid"):
            return fields
        try:
            if events.arguments_max_bytes:
                fields |= complete_arguments(request, events.arguments_max_bytes)
            if events.tells_groups:
                fields |= canvas(request)
        except Exception as error:  # whatever a message can hold, its event goes out
            log.debug("Not all of %s is told: %s", fields.get("uuid"), error)
        return fields


def _remember(request: Any = None, **_options: Any) -> None:
    """Celery says that a task was received just before it sends the event."""
    _received[0] = request


signals.task_received.connect(_remember, weak=False, dispatch_uid="umbel-worker-received")
