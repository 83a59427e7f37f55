"""Writes the small store that is kept under `tests/fixtures/store/<version>.tar.gz`.

    python -m tests.support.older_store tests/fixtures/store/0.1.0.tar.gz

It is run once for a version, with that version's code, and never again: what later versions must
open, migrate and answer is what was really written then. It has a task of every state and flag,
two partitions, a search index that is behind, gaps, losses, tallies, and a ledger; beside the data
directory stands `answers.json`, what the version itself answered.
"""

from __future__ import annotations

import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any, Final, get_args

import msgspec
from msgspec.structs import replace

from tests.contract.stories import (
    BASE,
    WORKER,
    begun,
    failed,
    heartbeat,
    revoked,
    succeeded,
    uuid_of,
)
from tests.support.clocks import SetWallClock
from tests.support.waiting import wait_until
from umbel.cluster.events import Event
from umbel.cluster.losses import Loss, Losses, ProcessCount
from umbel.cluster.task import FLAGS, STATES
from umbel.query.ast import EVERYTHING
from umbel.query.parse import parse
from umbel.store.base import (
    CollectorStatus,
    KeptGap,
    MetricCounts,
    Order,
    Store,
    TaskCounts,
)
from umbel.store.capabilities import Measure
from umbel.store.ledger import ActionRecord, AuditEntry, Intent, Ledger, Repeat, Token
from umbel.store.series import CountSeries, Series
from umbel.store.sqlite import SqliteStore
from umbel.store.sqlite.files.store_cluster import keep_cluster
from umbel.store.sqlite.ledger import SqliteLedger

#: When the store is asked, one hour after its first task.
NOW: Final = BASE + 3_600
TASKS: Final = 60
_PARTITION_TASKS: Final = 40
_IN_BODY: Final = (
    "args", "kwargs", "result", "exception", "traceback", "client", "exchange", "routing_key",
)  # fmt: skip
#: What the store is asked, in the query language.
QUERIES: Final = (
    *(f"is:{each}" for each in FLAGS),
    *(f"-is:{each}" for each in FLAGS),
    *(f"has:{each}" for each in _IN_BODY),
    *(f"-has:{each}" for each in _IN_BODY),
    *(f"state:{each}" for each in STATES),
    "zebra", "quartz", "name:shop.*", "worker:celery@us-1", "queue:money", "runtime:>2s",
    "retries:>0", "kwargs.order_id:4711", "exception:Key", f"root:{uuid_of(1)}",
    "zebra -state:SUCCESS", "args:'zebra'",
)  # fmt: skip
ORDERS: Final = (
    Order(),
    Order("changed", descending=False),
    Order("runtime"),
    Order("finished", descending=False),
    Order("name"),
    Order("state", descending=False),
)


def events() -> list[Event]:
    """Sixty tasks; the first have, each, a state or flag of its own."""
    first = [
        *succeeded(uuid_of(1), BASE, kwargs="{'order_id': 4711}", result="'sent'"),
        *_at(2, begun)[:1],
        *_at(3, begun)[1:2],
        *_at(4, begun),
        *_retried(5),
        *_rejected(6),
        *revoked(uuid_of(7), BASE + 70),
        *failed(uuid_of(8), BASE + 80, exception="KeyError('zebra')", queue="money"),
        *_terminated(9),
        *_redelivered(10),
        *_ran_again(11),
        *_shortened(12),
        *_at(13, succeeded)[-1:],
        *succeeded(uuid_of(14), BASE + 140, root=uuid_of(1), parent=uuid_of(1), runtime=9.0),
    ]
    rest = [
        event
        for number in range(15, TASKS + 1)
        for event in succeeded(
            uuid_of(number), BASE + 10 * number, name=("etl.load", "shop.send")[number % 2],
            args=repr((("zebra", "quartz")[number % 3 == 0], number)), runtime=number / 8,
            worker=("celery@us-1", WORKER)[number % 2],
        )
    ]  # fmt: skip
    return [*first, *rest]


def _at(number: int, story: Any) -> list[Event]:
    made: list[Event] = story(uuid_of(number), BASE + 10 * number)
    return made


def _event(number: int, kind: str, after_s: float, **fields: Any) -> Event:
    return Event(
        type=kind, timestamp=BASE + 10 * number + after_s, hostname=WORKER, pid=11, clock=9,
        uuid=uuid_of(number), **fields,
    )  # fmt: skip


def _retried(number: int) -> list[Event]:
    again = _event(number, "task-retried", 1.0, exception="Retry('in 3 s')")
    return [*_at(number, begun), again]


def _rejected(number: int) -> list[Event]:
    return [*_at(number, begun)[:2], _event(number, "task-rejected", 0.3, requeue=False)]


def _terminated(number: int) -> list[Event]:
    end = _event(number, "task-revoked", 2.0, terminated=True, signum=15)
    return [*_at(number, begun), end]


def _redelivered(number: int) -> list[Event]:
    received = _at(number, begun)[1]
    return [*_at(number, begun), replace(received, timestamp=received.timestamp + 5, clock=20)]


def _ran_again(number: int) -> list[Event]:
    life = _at(number, succeeded)
    return [*life, *(replace(each, timestamp=each.timestamp + 9, clock=30) for each in life[1:])]


def _shortened(number: int) -> list[Event]:
    progress = [
        _event(number, "task-progress", 0.6 + step / 100, detail=f'{{"step": {step}}}')
        for step in range(60)
    ]
    return [*_at(number, begun), *progress]


def write(directory: Path) -> None:
    """The store and its ledger."""
    clock = SetWallClock(NOW)
    store = SqliteStore(directory, write=True, partition_tasks=_PARTITION_TASKS, clock=clock)
    given = events()
    late = given[-1]
    store.apply([each for each in given[:-1] if each.uuid <= uuid_of(_PARTITION_TASKS)])
    store.apply([each for each in given[:-1] if each.uuid > uuid_of(_PARTITION_TASKS)])
    wait_until(lambda: store.status().unindexed < 24)
    # In the index already, with another text: the index takes it up again.
    store.apply([late, _event(20, "task-failed", 99.0, exception="IndexError('zebra')")])
    store.apply([heartbeat(WORKER, NOW - 5, processed=70)], losses())
    store.keep_gaps(
        [KeptGap(start=BASE, end=BASE + 60, cause="broker-away", collector="collector")]
    )
    store.report(
        CollectorStatus(
            collector="collector", pid=7, started=BASE, at=NOW, broker="connected",
            broker_url="redis://", transport="redis", events=len(given),
        )
    )  # fmt: skip
    tally = TaskCounts(WORKER, "shop.send", BASE, {"task-succeeded": 3}, (1, 2), 4.5)
    store.keep_metric_counts(
        MetricCounts(collector="collector", started=BASE, bounds=(1.0,), items=(tally,))
    )
    keep_cluster(directory, "redis://localhost/0")
    store.close()
    ledger = SqliteLedger(directory)
    write_ledger(ledger)
    ledger.close()


def losses() -> Losses:
    process = ProcessCount(
        hostname=WORKER, pid=10, since=BASE, at=NOW, processed=70, base=0, started=60, lost=3
    )
    return Losses(
        processes=(process,),
        losses=(Loss(hostname=WORKER, pid=10, start=BASE, end=BASE + 120, count=3),),
    )


def write_ledger(ledger: Ledger) -> None:
    """A line of each kind."""
    for outcome in (None, "done"):
        ledger.record(
            AuditEntry(
                at=NOW, actor="ada", address="10.0.0.7", via="web", action="revoke",
                target="2 tasks", action_id="a1", query="state:STARTED", count=2, outcome=outcome,
                reason="a bad release", tasks=(uuid_of(4), uuid_of(9)),
            )
        )  # fmt: skip
    ledger.intend([Intent(task_id=uuid_of(4), kind="revoke", at=NOW, actor="ada", action_id="a1")])
    ledger.repeat([Repeat(uuid_of(14), uuid_of(8), NOW, "ada", "a2")])
    ledger.keep_action(ActionRecord("a1", NOW, b'{"plan":1}', b'{"report":1}', running=False))
    ledger.keep_action(ActionRecord("a2", NOW, b'{"plan":2}', b'{"report":2}', running=True))
    ledger.keep_action(
        ActionRecord("a3", NOW, b'{"plan":3}', b'{"report":3}'), planner="ada", expires=NOW + 600
    )
    ledger.put_token(
        Token(name="ci", role="operator", secret_hash="ab" * 32, created=NOW, expires=NOW + 9e6)
    )
    ledger.used_token("ci", NOW + 1)
    ledger.end_session("session-1", NOW + 9e9, NOW, "ada")


def answers(store: Store, ledger: Ledger) -> dict[str, Any]:
    """What the store and its ledger answer, as JSON has it."""
    found: dict[str, Any] = {
        "tasks": {number: store.task(uuid_of(number)) for number in range(1, TASKS + 1)},
        "queries": {text: _ids(store, text, Order()) for text in QUERIES},
        "orders": {
            f"{order.field} {'down' if order.descending else 'up'}": _ids(store, "", order)
            for order in ORDERS
        },
        "states": store.count(EVERYTHING, now=NOW, by="state").groups,
        "counts": {text: store.count(parse(text), now=NOW).total for text in QUERIES},
        "suggestions": store.suggest("name", "") + store.suggest("key", "order"),
        "workflow": [task.uuid for task in store.workflow(uuid_of(1)).tasks],
        "changes": [
            (change.seq, change.task.uuid) for change in store.follow(0, limit=1_000).items
        ],
        "workers": store.workers(),
        "processes": store.processes(),
        "losses": store.losses(),
        "gaps": store.gaps(),
        "collectors": store.collectors(),
        "tallies": store.metric_counts(),
        "id": store.id,
        "audit": ledger.audit().items,
        "intents": ledger.intents([uuid_of(4)]),
        "intended": ledger.intended_since(1),
        "repeats": ledger.repeats([uuid_of(8)]),
        "actions": [(each.id, each.report.decode()) for each in ledger.actions()],
        "running": [each.id for each in ledger.running_actions()],
        "plans": ledger.open_plans("ada"),
        "tokens": ledger.tokens(),
        "ended": [ledger.has_ended(each, "ada") for each in ("session-1", "session-2")],
    }
    for measure in get_args(Measure):
        series = store.series(
            EVERYTHING, now=NOW, measure=measure, start=BASE, end=NOW, bucket_s=60
        )
        found[f"series of {measure}"] = _values(series)
    decoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(found))
    return decoded


def _values(series: Series) -> list[tuple[float, dict[str, float]]]:
    """Start and values of each bucket, in the words of the first version."""
    if isinstance(series, CountSeries):
        counted = [
            (
                each.start,
                {
                    "SEEN": float(each.seen or 0),
                    "SUCCESS": float(each.succeeded),
                    "FAILURE": float(each.failed),
                    "REVOKED": float(each.revoked),
                },
            )
            for each in series.buckets
        ]
        return [(start, {key: n for key, n in all_.items() if n}) for start, all_ in counted]
    return [
        (
            each.start,
            {
                "n": float(each.n),
                "mean": each.mean,
                "p50": each.p50,
                "p95": each.p95,
                "p99": each.p99,
            },
        )
        for each in series.buckets
    ]


def _ids(store: Store, text: str, order: Order) -> list[str]:
    page = store.search(parse(text), now=NOW, order=order, limit=2 * TASKS, budget_s=60)
    return [task.uuid for task in page.items]


def main(target: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name) / "data"
        write(directory)
        store, ledger = SqliteStore(directory, write=False), SqliteLedger(directory)
        answered = msgspec.json.format(msgspec.json.encode(answers(store, ledger)))
        (Path(name) / "answers.json").write_bytes(answered)
        store.close()
        ledger.close()
        target.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(target, "w:gz") as archive:
            archive.add(directory, "data")
            archive.add(Path(name) / "answers.json", "answers.json")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
