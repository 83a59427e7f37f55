"""Lives of tasks, told in events, for the tests of stores.

Each function gives the events that workers and clients send for one task, in order of time
(Unix seconds). `BASE` is a whole minute, so that charts' buckets are easy to foretell.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from umbel.cluster.events import Event

BASE = 1_795_344_000.0
WORKER = "celery@eu-1"
CLIENT = "gen7@web"


def uuid_of(number: int) -> str:
    """A task id as Celery makes them."""
    return f"00000000-0000-4000-8000-{number:012x}"


def begun(
    uuid: str,
    at: float,
    *,
    name: str = "shop.send",
    worker: str = WORKER,
    queue: str = "mail",
    args: str = "()",
    kwargs: str = "{}",
    root: str | None = None,
    parent: str | None = None,
    wait: float = 0.5,
) -> list[Event]:
    """Sent at `at`, received a tenth of a second later, started `wait` seconds after `at`."""
    sent = Event(
        type="task-sent", timestamp=at, hostname=CLIENT, uuid=uuid, name=name, args=args,
        kwargs=kwargs, retries=0, root_id=root or uuid, parent_id=parent, queue=queue,
        exchange="", routing_key=queue,
    )  # fmt: skip
    received = Event(
        type="task-received", timestamp=at + 0.1, hostname=worker, pid=10, clock=5, uuid=uuid,
        name=name, args=args, kwargs=kwargs, retries=0, root_id=root or uuid, parent_id=parent,
    )  # fmt: skip
    started = Event(
        type="task-started", timestamp=at + wait, hostname=worker, pid=11, clock=6, uuid=uuid
    )
    return [sent, received, started]


def succeeded(
    uuid: str, at: float, *, result: str = "None", runtime: float = 1.0, wait: float = 0.5,
    worker: str = WORKER, **begin: Any,
) -> list[Event]:  # fmt: skip
    """A task that succeeds `runtime` seconds after its start."""
    end = Event(
        type="task-succeeded", timestamp=at + wait + runtime, hostname=worker, pid=11, clock=9,
        uuid=uuid, result=result, runtime=runtime,
    )  # fmt: skip
    return [*begun(uuid, at, worker=worker, wait=wait, **begin), end]


def failed(
    uuid: str, at: float, *, exception: str = "ValueError('no stock')", runtime: float = 1.0,
    worker: str = WORKER, **begin: Any,
) -> list[Event]:  # fmt: skip
    """A task that fails `runtime` seconds after its start."""
    end = Event(
        type="task-failed", timestamp=at + 0.5 + runtime, hostname=worker, pid=11, clock=9,
        uuid=uuid, exception=exception,
        traceback=f"Traceback (most recent call last):\n  File 'shop.py', line 3\n{exception}\n",
    )  # fmt: skip
    return [*begun(uuid, at, worker=worker, **begin), end]


def retried(
    uuid: str, at: float, *, exception: str = "OSError('no route')", **begin: Any
) -> list[Event]:
    """A task that asks to be tried again a second after its start."""
    end = Event(
        type="task-retried", timestamp=at + 1.5, hostname=WORKER, pid=11, clock=9, uuid=uuid,
        exception=exception, traceback=f"Traceback (most recent call last):\n{exception}\n",
    )  # fmt: skip
    return [*begun(uuid, at, **begin), end]


def revoked(uuid: str, at: float) -> list[Event]:
    """A task that is revoked before it starts."""
    end = Event(
        type="task-revoked", timestamp=at + 2, hostname=WORKER, pid=10, clock=9, uuid=uuid,
        terminated=False, signum=None, expired=True,
    )  # fmt: skip
    return [*begun(uuid, at)[:2], end]


def placed(events: list[Event], **canvas: object) -> list[Event]:
    """The same task, of which the worker told its place."""
    return [replace(each, **canvas) if each.type == "task-received" else each for each in events]


def heartbeat(hostname: str, at: float, *, active: int = 0, processed: int = 0) -> Event:
    """A worker's heartbeat."""
    return Event(
        type="worker-heartbeat", timestamp=at, hostname=hostname, pid=10, clock=3, freq=2.0,
        active=active, processed=processed, loadavg=(0.5, 0.4, 0.3), sw_ident="py-celery",
        sw_ver="5.7.0", sw_sys="Linux",
    )  # fmt: skip


def shop() -> list[Event]:
    """Six tasks of one small cluster, a minute apart: numbers 1 to 6 by `uuid_of`.

    1 succeeded, 2 failed in another queue, 3 runs on another worker, in a group with a chord, 4 has
    no name, 5 was revoked, 6 is a child of 1.
    """
    nameless = [
        Event(
            type="task-failed", timestamp=BASE + 181, hostname=WORKER, uuid=uuid_of(4),
            exception="NotRegistered('lost')",
        )
    ]  # fmt: skip
    return [
        *succeeded(
            uuid_of(1), BASE, kwargs="{'order_id': 4711, 'email': 'ann@example.org'}",
            result="'sent'",
        ),
        *failed(uuid_of(2), BASE + 60, name="shop.charge", queue="money", args="(7, 'EUR')"),
        *placed(
            begun(uuid_of(3), BASE + 120, name="etl.load", worker="celery@us-1", queue="bulk"),
            group_id=uuid_of(90), chord_id=uuid_of(91),
        ),
        *nameless,
        *revoked(uuid_of(5), BASE + 240),
        *succeeded(uuid_of(6), BASE + 300, root=uuid_of(1), parent=uuid_of(1), runtime=9.0),
    ]  # fmt: skip


def varied(count: int = 40) -> list[list[Event]]:
    """Tasks with equal, different and missing values in every field that sorts."""
    tasks: list[list[Event]] = []
    for number in range(count):
        uuid, at = uuid_of(number), BASE + 10 * (number % 7)
        name = ("shop.send", "etl.load", "Zoo", "ähre")[number % 4]
        worker = f"celery@w{number % 3}"
        if number % 5 == 0:
            tasks.append(begun(uuid, at, name=name, worker=worker)[: 1 + number % 3])
        elif number % 5 == 1:
            tasks.append(failed(uuid, at, name=name, worker=worker)[-1:])
        else:
            runtime = float(number % 6)
            tasks.append(succeeded(uuid, at, name=name, worker=worker, runtime=runtime))
    return tasks
