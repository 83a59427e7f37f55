"""A Celery application whose tasks wait: nobody reads the queue that they are sent to."""

from __future__ import annotations

import os
from typing import Any, Final

from celery import Celery

WAITING: Final = "bench.waiting"
#: What the environment of its worker names the broker with.
BROKER: Final = "BENCH_BROKER"


def application(broker: str) -> Any:
    """One for this broker: Celery keeps much of what it learned of the first."""
    made: Any = Celery("bench.application", broker=broker, set_as_current=False)
    made.conf.update(task_send_sent_event=True, broker_connection_retry_on_startup=True)
    return made


app = application(os.environ.get(BROKER, "memory://"))
