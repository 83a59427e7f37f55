"""A Celery application whose tasks wait, since nobody reads the queue that they are sent to, or do
nothing at all."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, Final

from celery import Celery

WAITING: Final = "bench.waiting"
#: Does nothing but write down when, and the CPU that its process took until then, for `harmless`.
STAMP: Final = "bench.stamp"
#: What the environment of its worker names the broker with.
BROKER: Final = "BENCH_BROKER"


def application(broker: str) -> Any:
    """One for this broker: Celery keeps much of what it learned of the first."""
    made: Any = Celery("bench.application", broker=broker, set_as_current=False)
    made.conf.update(task_send_sent_event=True, broker_connection_retry_on_startup=True)
    return made


app = application(os.environ.get(BROKER, "memory://"))


@app.task(name="bench.nothing")  # type: ignore[untyped-decorator]
def nothing() -> None:
    return None


@app.task(name=STAMP)  # type: ignore[untyped-decorator]
def stamp() -> None:
    with Path(os.environ["BENCH_STAMPS"]).open("a") as file:
        file.write(f"{time.time()} {time.process_time()}\n")
