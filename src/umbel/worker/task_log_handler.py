"""Takes what a task writes to its loggers while it runs.

The run is found by a context variable, so each thread and greenlet of a pool has its own, and what
a task does in `asyncio.to_thread` counts as its own, too. A record is made text in the task's own
thread, as every handler does it, and goes no further than into memory.
"""

from __future__ import annotations

import logging
import os
import threading
from contextvars import ContextVar
from typing import Final

from celery.exceptions import SoftTimeLimitExceeded

from umbel.worker.task_log import RunLog

#: The run in this thread or greenlet.
running: Final[ContextVar[RunLog | None]] = ContextVar("umbel-task-log", default=None)
#: Says of each task what its events say, and of the sending itself.
_LEFT_OUT: Final = frozenset({"celery.app.trace", "umbel.worker"})
_FORMATTER: Final = logging.Formatter()
_TASK_LOGGER: Final = logging.getLogger("celery.task")


class TaskLogHandler(logging.Handler):
    """For the root logger, and for `celery.task`, which Celery keeps apart from it. Never raises
    but what interrupts the task."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self._busy = threading.local()

    def handle(self, record: logging.LogRecord) -> bool:
        # Without the lock of `Handler.handle`: each run has its own.
        run = running.get()
        if run is None or record.name in _LEFT_OUT or run.pid != os.getpid():
            return False
        if getattr(self._busy, "is_set", False):
            # Making a text of a record logged another one.
            return False
        self._busy.is_set = True
        try:
            run.add(record.created, record.levelno, record.name, self._text(record))
        except SoftTimeLimitExceeded:
            raise
        except Exception:
            return False
        finally:
            self._busy.is_set = False
        return True

    def _text(self, record: logging.LogRecord) -> str:
        try:
            return self._format(record)
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:
            return f"{record.msg!s} [its arguments cannot be written: {type(error).__name__}]"

    def _format(self, record: logging.LogRecord) -> str:
        """Message and traceback. `Formatter.format` would take the traceback as another handler
        wrote it (`exc_text`), indented or cut."""
        parts = [record.getMessage()]
        if record.exc_info:
            parts.append(_FORMATTER.formatException(record.exc_info))
        elif record.exc_text:
            parts.append(record.exc_text)
        if record.stack_info:
            parts.append(record.stack_info)
        return "\n".join(parts)

    def attach(self) -> None:
        """Be on the loggers, whatever configured logging meanwhile."""
        root = logging.getLogger()
        if self not in root.handlers:
            root.addHandler(self)
        if _TASK_LOGGER.propagate:
            _TASK_LOGGER.removeHandler(self)
        elif self not in _TASK_LOGGER.handlers:
            _TASK_LOGGER.addHandler(self)
