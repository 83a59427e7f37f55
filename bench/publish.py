"""Publishes prepared events at a steady rate, from a process of its own.

    python -m bench.publish --url redis://127.0.0.1:6379/0 --rate 20000 --seconds 60

It prepares everything, prints `ready`, with `--wait` waits for a line on its standard
input, publishes, and prints its ledger, one JSON object: what was sent, how evenly, and
what it cost. `--rate 0` sends as fast as the broker takes it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from typing import Any, Final

from bench.lifecycles import WORKERS
from bench.messages import TASK_MARK, Chunk, Stamp, chunks, heartbeat
from bench.wire import Wire, wire_for

HEARTBEAT_S: Final = 2.0
#: The ledger names one task of every so many chunks.
SAMPLE_EVERY: Final = 20


class Publisher:
    """Sends the chunks of a pool round and round, and keeps the ledger."""

    def __init__(self, wire: Wire, pool: list[Chunk], *, pid: int, seed: int) -> None:
        self._wire = wire
        self._pool = pool
        self._pid = pid
        self._stamp = Stamp(wire.base64)
        self._marks = random.Random(seed)
        self._mark = ""
        self._sent = 0
        self._processed = [0] * len(WORKERS)
        self._next_beat = 0.0
        self._last_s = 0.0
        self.ledger: dict[str, Any] = dict.fromkeys(
            ("events", "messages", "tasks", "succeeded", "failed", "heartbeats"), 0
        )
        self.ledger["samples"] = []

    def run(self, rate: float, seconds: float, limit: int) -> None:
        """Send `rate` events a second for so many seconds, or `limit` events if not 0.
        Bursts stay about 50 events small."""
        behind_s = 0.0
        begun, cpu_s = time.monotonic(), time.process_time()
        self._beat("worker-online")
        while (passed := time.monotonic() - begun) < seconds:
            due = self.ledger["events"] / rate if rate else passed
            if due > passed:
                time.sleep(min(due - passed, seconds - passed))
                continue
            behind_s = max(behind_s, passed - due)
            self._next()
            if limit and self.ledger["events"] >= limit:
                break
        took = time.monotonic() - begun
        self._beat("worker-heartbeat")
        receivers = self._wire.finish()
        self.ledger |= {
            "seconds": round(took, 3),
            "rate": round(self.ledger["events"] / took, 1),
            "behind_s": round(behind_s, 3),
            "cpu_s": round(time.process_time() - cpu_s, 3),
            "receivers": receivers,
        }

    def _next(self) -> None:
        index = self._sent % len(self._pool)
        if index == 0:
            self._mark = f"{self._marks.getrandbits(36):09x}"
        chunk = self._pool[index]
        # Times must differ at the fourth decimal for chunks to stay in order.
        self._last_s = max(time.time(), self._last_s + 0.0001)
        self._wire.send(self._stamp(chunk.data, self._last_s, self._sent, self._mark))
        self._sent += 1
        self._enter(chunk)
        if self._last_s >= self._next_beat:
            self._beat("worker-heartbeat")

    def _enter(self, chunk: Chunk) -> None:
        ledger = self.ledger
        for field in ("events", "messages", "tasks", "succeeded", "failed"):
            ledger[field] += getattr(chunk, field)
        if chunk.sample and self._sent % SAMPLE_EVERY == 0:
            uuid, key, order = chunk.sample
            told = (text.replace(TASK_MARK, self._mark) for text in (uuid, key))
            ledger["samples"].append((*told, order))
        for worker, runs in chunk.started.items():
            self._processed[worker] += runs

    def _beat(self, kind: str) -> None:
        now = time.time()
        self._next_beat = now + HEARTBEAT_S
        for worker, processed in enumerate(self._processed):
            event = heartbeat(
                kind, worker, pid=self._pid, processed=processed, clock=self._sent, now=now
            )
            self._wire.send(self._wire.publish(*event))
            self.ledger["heartbeats"] += 1


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.publish", description=__doc__)
    parser.add_argument("--url", required=True, help="the broker: redis:// or amqp://")
    parser.add_argument("--rate", type=float, default=1_000.0, help="events a second; 0: flat out")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--limit", type=int, default=0, help="stop after so many events")
    parser.add_argument("--pool", type=int, default=20_000, help="tasks prepared beforehand")
    parser.add_argument("--events-per-message", type=float, default=1.4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--wait", action="store_true", help="begin at a line on standard input")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    asked = _arguments(argv)
    wire = wire_for(asked.url)
    # Another publisher's workers are other processes: their counts of runs begin anew.
    pid = random.SystemRandom().randrange(2, 400_000) * 10
    events = asked.limit or asked.rate * asked.seconds
    pool = chunks(
        wire,
        tasks=min(asked.pool, max(int(events / 3), 1_000)) if events else asked.pool,
        rate=asked.rate,
        events_per_message=asked.events_per_message,
        pid=pid,
        seed=asked.seed,
    )
    wire.connect()
    print("ready", flush=True)
    if asked.wait:
        sys.stdin.readline()
    seed = random.SystemRandom().getrandbits(32)
    publisher = Publisher(wire, pool, pid=pid, seed=seed)
    publisher.run(asked.rate, asked.seconds, asked.limit)
    print(json.dumps(publisher.ledger), flush=True)


if __name__ == "__main__":
    main()
