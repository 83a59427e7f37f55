"""What an application may add to its own workers and senders, one line each, to lose no events.

This package runs in other people's processes. It imports Celery, kombu and the standard library
alone, changes nothing that Celery does, and when anything of its own fails, events go out as they
did without it.
"""

from __future__ import annotations

from typing import Any

from celery.app.events import Events
from celery.utils.log import mlevel
from kombu.utils.objects import cached_property

from umbel.worker import task_logs
from umbel.worker.event_stream_writer import EventStreamWriter
from umbel.worker.task_log_handler import TaskLogHandler

__all__ = ["StreamEvents"]

_Events: Any = Events
#: What Umbel takes of one text (`cluster.events.TEXT_MAX`).
ARGUMENTS_MAX = 65_536
#: How many log lines of one run of a task are told where `umbel_log_lines` is True, and how much
#: text these have at most.
LOG_LINES = 1_000
LOG_BYTES = 262_144


class StreamEvents(_Events):  # type: ignore[misc]
    """`Celery(events='umbel.worker:StreamEvents')`: on Redis, each message of events is also added
    to a capped stream, in the same round trip, so that an Umbel that was away can read what it
    missed (docs/no-loss-on-redis.md). On other brokers it changes nothing."""

    dispatcher_cls = "umbel.worker.dispatcher:StreamDispatcher"

    def __init__(self, app: Any = None) -> None:
        super().__init__(app)
        # Workers come here before they fork.
        if self.app.conf.get("umbel_log_lines"):
            task_logs.connect()

    @cached_property
    def arguments_max_bytes(self) -> int:
        """Up to which size a task's message has its arguments told as a whole; 0 for none."""
        return min(int(self.app.conf.get("umbel_arguments_max_bytes") or 0), ARGUMENTS_MAX)

    @cached_property
    def tells_groups(self) -> bool:
        """Whether events of received tasks say to which group, chord and chain these belong."""
        return bool(self.app.conf.get("umbel_groups"))

    @cached_property
    def log_lines_max(self) -> int:
        """How many log lines of each run of a task are told; 0 for none."""
        wanted = self.app.conf.get("umbel_log_lines") or 0
        return LOG_LINES if wanted is True else max(0, int(wanted))

    @cached_property
    def log_handler(self) -> TaskLogHandler:
        """What takes the log lines of tasks in this process."""
        return TaskLogHandler(mlevel(self.app.conf.get("umbel_log_level") or "INFO"))

    @cached_property
    def stream(self) -> EventStreamWriter:
        """What writes the stream, for all dispatchers of this application in this process."""
        conf = self.app.conf
        return EventStreamWriter(
            max_bytes=int(conf.get("umbel_stream_max_bytes") or EventStreamWriter.MAX_BYTES),
            expires_s=int(conf.get("umbel_stream_expires") or EventStreamWriter.EXPIRES_S),
        )
