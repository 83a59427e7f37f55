"""One publisher beside one subject: what came, how late, and what it cost."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any, Final, NamedTuple

from bench.processes import Cost, Meter
from bench.subject import Recorded, Subject, settled

#: Samples before the first events have come through are of a publisher that starts.
_STARTING: Final = 3


class Load(NamedTuple):
    """What to publish. `rate` is events a second, 0 as fast as the broker takes them;
    `limit` ends it after so many events if not 0."""

    rate: float
    seconds: float
    limit: int = 0
    events_per_message: float = 1.4
    seed: int = 1


class Publisher:
    """A prepared publisher process; `begin` and `end` bracket the timed run."""

    def __init__(self, load: Load, url: str) -> None:
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "bench.publish", "--wait", f"--url={url}"),
                *(f"--rate={load.rate}", f"--seconds={load.seconds}", f"--limit={load.limit}"),
                *(f"--events-per-message={load.events_per_message}", f"--seed={load.seed}"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input, self._output = self._process.stdin, self._process.stdout
        if self._output.readline().strip() != "ready":
            raise SystemExit("The publisher did not start; its error stands above.")

    def begin(self) -> None:
        """Let it publish."""
        self._input.write("\n")
        self._input.flush()

    def end(self) -> dict[str, Any]:
        """Wait for its end; its ledger."""
        line = self._output.readline()
        self._process.wait()
        if not line:
            raise SystemExit("The publisher failed; its error stands above.")
        ledger: dict[str, Any] = json.loads(line)
        return ledger

    def stop(self) -> None:
        """End it before its time."""
        self._process.terminate()
        self._process.wait()
        self._input.close()
        self._output.close()


class Trial(NamedTuple):
    """The outcome. `recorded` is what came of this load alone, the last of it
    `caught_up_s` after the last was sent. `lags_s` are samples of what the subject says of
    its own lag, `ages_s` of the age of the newest task that a reader sees while more
    come."""

    ledger: dict[str, Any]
    recorded: Recorded
    cost: Cost
    caught_up_s: float
    lags_s: list[float]
    ages_s: list[float]

    @property
    def lost(self) -> int:
        """Events that were sent and never recorded."""
        return int(self.ledger["events"]) - self.recorded.events

    @property
    def rate(self) -> float:
        """Events recorded a second, until the last of them."""
        return self.recorded.events / (float(self.ledger["seconds"]) + self.caught_up_s)


def trial(subject: Subject, load: Load, url: str, *, asks: bool = True) -> Trial:
    """Publish `load`, wait until `subject` has recorded what it will. `asks`: ask it meanwhile how
    late it is, which only one of the subjects can say, and costs it something."""
    publisher = Publisher(load, url)
    before = subject.recorded()
    lags: list[float] = []
    ages: list[float] = []
    ended = 0.0

    def look() -> None:
        with suppress(OSError):
            found = subject.delay()
            if found:
                lags.append(found.told_s)
            if found and not ended:
                ages.append(found.seen_s)

    with Meter(subject.process.pid, look if asks else None) as meter:
        publisher.begin()
        ledger = publisher.end()
        ended = time.monotonic()
        caught_up = settled(subject.events)
    after = subject.recorded()
    assert meter.cost is not None
    return Trial(
        ledger,
        _difference(before, after),
        meter.cost,
        max(0.0, caught_up - ended),
        lags,
        ages[_STARTING:],
    )


def _difference(before: Recorded, after: Recorded) -> Recorded:
    known = before.tasks is not None and after.tasks is not None
    return Recorded(
        after.events - before.events,
        (after.tasks or 0) - (before.tasks or 0) if known else None,
        after.succeeded - before.succeeded,
        after.failed - before.failed,
    )
