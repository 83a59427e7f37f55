"""Messages of Celery's event exchange, ready for the socket before the clock starts.

Theory of operation. A pool of some thousand lives is told once, cut into chunks of about
fifty events, and encoded down to the bytes that go over the wire. Sending a chunk is three
`bytes.replace`: the time and clock markers become the present, and the task marker becomes
the mark of the current round, so that every round of the pool tells of new tasks. A marker must
survive base64 (the Redis transport), so each starts at a multiple of three bytes and has a
length that is one: then its encoding is the same wherever it stands. JSON lets spaces
stand between fields, which is all that the alignment needs.
"""

from __future__ import annotations

import json
import random
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from bench.lifecycles import CLIENT, MARK_LENGTH, WORKERS, Step, Storyteller
from bench.searches import Sample, sample_of
from bench.wire import Wire

TASK_MARK: Final = "~~~~~~~~~"
TIME_MARK: Final = "^^^^^^^^^^.^^^^"
CLOCK_MARK: Final = "&&&&&&"
CHUNK_EVENTS: Final = 50
#: Of most lives (one in thirty is tried again, and has more).
EVENTS_PER_TASK: Final = 4
#: For what rate a pool is told that is sent as fast as the broker takes it, events a second.
FLAT_OUT: Final = 20_000.0

assert len(TASK_MARK) == MARK_LENGTH
assert all(len(mark) % 3 == 0 for mark in (TASK_MARK, TIME_MARK, CLOCK_MARK))


class Chunk(NamedTuple):
    """Some messages for one `send`, and what they tell. `started` counts runs by worker;
    `sample` is one of the tasks that are sent in it, with the marker in its texts."""

    data: bytes
    messages: int
    events: int
    tasks: int
    succeeded: int
    failed: int
    started: dict[int, int]
    sample: Sample | None


class Stamp:
    """Makes prepared bytes current. `encoded` says whether bodies are base64."""

    def __init__(self, encoded: bool) -> None:
        self._encode: Callable[[bytes], bytes] = b64encode if encoded else bytes
        marks = (TIME_MARK, CLOCK_MARK, TASK_MARK)
        self._time, self._clock, self._task = (self._encode(mark.encode()) for mark in marks)

    def __call__(self, data: bytes, now: float, clock: int, mark: str) -> bytes:
        """`data` as of `now` (Unix seconds), about the tasks of round `mark`. `clock`, under
        900,000, grows from call to call like the Lamport clocks of the workers."""
        encode = self._encode
        return (
            data.replace(self._time, encode(f"{now:.4f}".encode()))
            .replace(self._clock, encode(b"%d" % (100_000 + clock)))
            .replace(self._task, encode(mark.encode()))
        )


def chunks(
    wire: Wire, *, tasks: int, rate: float, events_per_message: float, pid: int, seed: int
) -> list[Chunk]:
    """The lives of `tasks` tasks as chunks in the order of telling. Sent at `rate` events a second,
    a task lives for as long as its story says; 0 is flat out, and as at 20,000."""
    told = Storyteller(seed)
    steps: list[tuple[float, Step]] = []
    tasks_per_s = (rate or FLAT_OUT) / EVENTS_PER_TASK
    for number in range(tasks):
        sent = number / tasks_per_s
        steps += [(sent + step.at, step) for step in told.life(TASK_MARK).steps]
    steps.sort(key=lambda pair: pair[0])
    batches = _batches([step for _, step in steps], events_per_message, seed)
    return [_encode(group, wire, pid) for group in _grouped(batches)]


def _batches(steps: list[Step], events_per_message: float, seed: int) -> Iterator[list[Step]]:
    """Steps as messages: clients send each event alone, workers what has gathered."""
    own = sum(step.node == CLIENT for step in steps)
    gathered = len(steps) - own
    wanted = max(len(steps) / events_per_message - own, gathered / 24)
    chance = min(1.0, wanted / gathered)
    rng = random.Random(seed)
    pending: dict[int, list[Step]] = {node: [] for node in range(len(WORKERS))}
    for step in steps:
        if step.node == CLIENT:
            yield [step]
            continue
        pending[step.node].append(step)
        if rng.random() < chance:
            yield pending[step.node]
            pending[step.node] = []
    yield from (batch for batch in pending.values() if batch)


def _grouped(batches: Iterator[list[Step]]) -> Iterator[list[list[Step]]]:
    group: list[list[Step]] = []
    events = 0
    for batch in batches:
        group.append(batch)
        events += len(batch)
        if events >= CHUNK_EVENTS:
            yield group
            group, events = [], 0
    if group:
        yield group


def _encode(group: list[list[Step]], wire: Wire, pid: int) -> Chunk:
    steps = [step for batch in group for step in batch]
    data = bytearray()
    order = 0
    for batch in group:
        body = _body(batch, pid, order, len(steps))
        order += len(batch)
        single = batch[0].node == CLIENT
        key = batch[0].type.replace("-", ".", 1) if single else "task.multi"
        data += wire.publish(key, body.encode(), batch[0].hostname)
    kinds = Counter(step.type for step in steps)
    sent = [s.fields for s in steps if s.type == "task-sent" and s.fields["retries"] == 0]
    started = Counter(step.node for step in steps if step.type == "task-started")
    return Chunk(
        bytes(data),
        len(group),
        len(steps),
        len(sent),
        kinds["task-succeeded"],
        kinds["task-failed"],
        dict(started),
        sample_of(sent[0]) if sent else None,
    )


def _body(batch: list[Step], pid: int, order: int, among: int) -> str:
    """The JSON of one message; its events come `order` and following in their chunk."""
    single = batch[0].node == CLIENT
    text = "" if single else "["
    for index, step in enumerate(batch):
        text += ", " if index else ""
        text += "{"
        for key, value in _fields(step, pid, (order + index) * 1_000 // among):
            field = f'"{key}": {value}, '
            text += " " * _padding(text, field) + field
        text = text[:-2] + "}"
    return text if single else text + "]"


def _fields(step: Step, pid: int, tail: int) -> Iterator[tuple[str, str]]:
    """Field by field as JSON. `tail` (of 1,000) orders the events of one instant: as the
    last digits of the time, a tenth of a microsecond each, and of the clock."""
    yield "hostname", json.dumps(step.hostname)
    yield "utcoffset", "0.0"
    yield "pid", str(pid + step.node + 1)
    yield "clock", f"{CLOCK_MARK}{tail:03d}"
    for key, value in step.fields.items():
        yield key, json.dumps(value)
    yield "timestamp", f"{TIME_MARK}{tail:03d}"
    yield "type", json.dumps(step.type)


def _padding(text: str, field: str) -> int:
    """Spaces that put the marker in `field`, if there is one, at a multiple of three."""
    for mark in (TASK_MARK, TIME_MARK, CLOCK_MARK):
        at = field.find(mark)
        if at >= 0:
            return -(len(text) + at) % 3
    return 0


def heartbeat(
    kind: str, worker: int, *, pid: int, processed: int, clock: int, now: float
) -> tuple[str, bytes, str]:
    """A worker's own event: routing key, body, host name."""
    fields: dict[str, Any] = {
        "hostname": WORKERS[worker],
        "utcoffset": 0.0,
        "pid": pid + worker + 1,
        "clock": (100_000 + clock) * 1_000,
        "freq": 2.0,
        "active": 0,
        "processed": processed,
        "loadavg": [1.5, 1.25, 0.68],
        "sw_ident": "py-celery",
        "sw_ver": "5.7.0",
        "sw_sys": "Linux",
        "timestamp": now,
        "type": kind,
    }
    return kind.replace("-", ".", 1), json.dumps(fields).encode(), WORKERS[worker]
