"""The history that browser tests look at: one hour of a shop, event by event as Celery sends it.

| Tasks | How many | State |
|---|---|---|
| `shop.orders.place`, and up to six tasks that each started | 12 | SUCCESS but for these charges |
| `shop.orders.charge` of the newest orders | 4 | FAILURE, `CardDeclined`, chained traceback |
| `shop.orders.charge` of the orders before | 2 | FAILURE, `GatewayTimeout`, after two retries |
| `shop.mail.send` | 1 | RETRY, waits for its second attempt |
| `shop.images.thumbnail` | 1 | REJECTED |
| `shop.images.transcode` | 3 | FAILURE (hard time limit), REVOKED (terminated; expired) |
| `shop.reports.sales` | 2 | STARTED, with progress |
| `shop.orders.remind` | 3 | RECEIVED, with an ETA |
| `shop.orders.expire_carts` | 2 | PENDING: sent, and no worker received them |

`orders@shop` ran the orders and mails, `media@shop` images and reports; `retired@shop` said
goodbye. For ten seconds the collector was away. Ids are the same each time (`task_id`); times end
when the history is written.
"""

from __future__ import annotations

import json
import random
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tests.browser import tracebacks
from umbel.cluster.decode import decode_all
from umbel.store.base import KeptGap
from umbel.store.sqlite import SqliteStore

ORDERS, MEDIA, RETIRED = "orders@shop", "media@shop", "retired@shop"
#: Each worker's pid in events, its queues, and its tasks' common beginning.
PIDS: Final = {ORDERS: 4_001, MEDIA: 4_002, RETIRED: 4_003}
CLIENT, POOL = "gen900@shop", "gen4011@shop"
DECLINED, TIMED_OUT, ORDER_COUNT = 4, 2, 12
#: From one order to the next, seconds.
ORDER_EVERY_S: Final = 240.0
#: When the collector was away, seconds before the end.
GAP: Final = (1_210.0, 1_200.0)


def task_id(what: str, number: int = 0) -> str:
    """The id of a task of the history: `task_id("charge", 0)` is the newest order's charge."""
    bits = random.Random(f"{what} {number}").getrandbits(128)
    return str(uuid.UUID(int=bits, version=4))


class History:
    """The events of a span that ends at `now` (Unix seconds), in the order in which they are
    written."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.events: list[dict[str, Any]] = []

    def event(self, kind: str, ago: float, hostname: str, **fields: Any) -> None:
        """What `hostname` sent so many seconds before the end."""
        self.events.append(
            {
                "type": kind,
                "timestamp": self.now - ago,
                "hostname": hostname,
                "utcoffset": 0,
                "pid": PIDS.get(hostname, 900),
                **fields,
            }
        )

    def iso(self, ago: float) -> str:
        return datetime.fromtimestamp(self.now - ago, UTC).isoformat()


class Call:
    """One task: sent `ago` seconds before the end, received at once, begun a quarter of a second
    later."""

    def __init__(
        self,
        history: History,
        name: str,
        uuid: str,
        ago: float,
        *,
        kwargs: dict[str, Any] | None = None,
        parent: Call | None = None,
        eta_s: float | None = None,
    ) -> None:
        self.uuid, self.ago, self.history = uuid, ago, history
        self.queue = name.split(".")[1]
        self.worker = MEDIA if self.queue in {"images", "reports"} else ORDERS
        self.root: str = parent.root if parent else uuid
        self.fields: dict[str, Any] = {
            "uuid": uuid,
            "name": name,
            "args": "()",
            "kwargs": repr(kwargs or {}),
            "root_id": self.root,
            "parent_id": parent.uuid if parent else None,
            "retries": 0,
            "eta": None if eta_s is None else history.iso(ago - eta_s),
            "expires": None,
        }

    def sent(self) -> Call:
        route = {"queue": self.queue, "exchange": "", "routing_key": self.queue}
        self.history.event("task-sent", self.ago, CLIENT, **self.fields, **route)
        return self

    def received(self) -> Call:
        self.history.event("task-received", self.ago - 0.01, self.worker, **self.fields)
        return self

    def started(self) -> Call:
        self.sent().received().then("task-started", 0.25)
        return self

    def then(self, kind: str, after: float, **fields: Any) -> Call:
        """What its worker said of it so many seconds after it was sent."""
        self.history.event(kind, self.ago - after, self.worker, uuid=self.uuid, **fields)
        return self

    def succeeded(self, result: object = None, runtime: float = 0.5) -> Call:
        more = {"result": repr(result), "runtime": runtime}
        return self.started().then("task-succeeded", 0.25 + runtime, **more)

    def retried(self, exception: str) -> Call:
        """The attempt failed: its worker's pool sends the next one, due two seconds later."""
        self.fields |= {
            "retries": self.fields["retries"] + 1,
            "parent_id": self.uuid,
            "eta": self.history.iso(self.ago - 2.5),
        }
        route = {"queue": self.queue, "exchange": "", "routing_key": self.queue}
        self.history.event("task-sent", self.ago - 0.48, POOL, **self.fields, **route)
        trace = tracebacks.retry(exception)
        return self.then("task-retried", 0.5, exception=exception, traceback=trace)

    def resumed(self) -> Call:
        """The next attempt is received, and begun when it is due."""
        self.ago -= 0.5
        self.received()
        self.ago -= 2.0
        return self.then("task-started", 0.25)


def order(history: History, number: int) -> None:
    """What one customer's order starts; `number` 0 is the newest."""
    ago = 60 + number * ORDER_EVERY_S
    order_id, customer = 4711 + ORDER_COUNT - number, "Zoë Köhler"
    common = {"order_id": order_id}

    def call(what: str, after: float, parent: Call | None = None, **kwargs: Any) -> Call:
        name = f"shop.{'mail' if what == 'send' else 'orders'}.{what}"
        kwargs = common | kwargs
        return Call(history, name, task_id(what, number), ago - after, kwargs=kwargs, parent=parent)

    place = call("place", 0, customer=customer, total_cents=12_900).succeeded("accepted", 0.05)
    reserve = call("reserve", 1, place, sku="teapot-red", quantity=2)
    reserve.succeeded({"sku": "teapot-red", "quantity": 2, "shelf": "C"}, 0.1)
    tally = call("tally", 2, reserve).succeeded({**common, "pieces": 2}, 0.01)
    charge = call("charge", 3, tally, amount_cents=12_900)
    if number < DECLINED:
        fail_declined(charge)
        return
    if number < DECLINED + TIMED_OUT:
        fail_timed_out(charge)
        return
    charge.succeeded({**common, "authorisation": "auth-00c0ffee"}, 0.3 + number / 10)
    call("send", 5, charge, to=customer, template="order_confirmed").succeeded({"bytes": 9_000})
    pack = call("pack", 5, charge, pieces=2).succeeded(f"parcel-{order_id}", 0.4)
    call("ship", 7, pack, customer=customer).succeeded(f"tracking-{order_id:08d}", 0.1)


def fail_declined(charge: Call) -> None:
    """The bank said no."""
    charge.started().then("task-progress", 0.4, step="authorised")
    error = "CardDeclined('insufficient funds for 129.00 EUR')"
    charge.then("task-failed", 0.7, exception=error, traceback=tracebacks.CARD_DECLINED)


def fail_timed_out(charge: Call) -> None:
    """The bank said nothing, three times."""
    error = "GatewayTimeout('payments.example did not answer within 2.0 s')"
    charge.started()
    for _ in range(2):
        charge.retried(error).resumed()
    charge.then("task-failed", 0.6, exception=error, traceback=tracebacks.GATEWAY_TIMEOUT)


def others(history: History) -> None:
    """Tasks that belong to no order."""

    def call(name: str, number: int, ago: float, **more: Any) -> Call:
        uuid = task_id(name.rpartition(".")[2], 100 + number)
        return Call(history, name, uuid, ago, **more)

    mail = call("shop.mail.send", 0, 45, kwargs={"to": "Ada Lovelace", "template": "hello"})
    mail.started().retried("SMTPServerDisconnected('Connection unexpectedly closed')")
    mail.sent().received()

    call("shop.images.thumbnail", 0, 300).started().then("task-rejected", 0.5, requeue=False)
    too_long = "TimeLimitExceeded(6)"
    trace = tracebacks.TIME_LIMIT
    film = call("shop.images.transcode", 0, 320, kwargs={"video": "film-001", "preset": "4k"})
    film.started().then("task-failed", 6.3, exception=too_long, traceback=trace)
    call("shop.images.transcode", 1, 330).started().then(
        "task-revoked", 2, terminated=True, signum=15, expired=False
    )
    call("shop.images.transcode", 2, 340).sent().received().then(
        "task-revoked", 1, terminated=False, signum=None, expired=True
    )
    for number in range(2):
        regions = {"period": "2026-Q3", "regions": ["Köln", "東京"]}
        report = call("shop.reports.sales", number, 30 - number, kwargs=regions).started()
        report.then("task-progress", 2, done=1, total=2, region="Köln")
    for number in range(3):
        reminder = {"order_id": 4711 + number, "customer": "Ada Lovelace"}
        call("shop.orders.remind", number, 20, kwargs=reminder, eta_s=86_400).sent().received()
    for number in range(2):
        call("shop.orders.expire_carts", number, 15).sent()


def workers(history: History) -> None:
    """The lives of the three workers."""
    start = 60 + (ORDER_COUNT + 1) * ORDER_EVERY_S
    about = {"freq": 2.0, "active": 0, "loadavg": [0.5, 0.25, 0.12]}
    software = {"sw_ident": "py-celery", "sw_ver": "5.7.0", "sw_sys": "Linux"}
    for name in PIDS:
        history.event("worker-online", start, name, processed=0, **about, **software)
    history.event("worker-offline", start - 600, RETIRED, processed=0, **about, **software)
    for name in (ORDERS, MEDIA):
        count = sum(
            event["type"] == "task-started" and event["hostname"] == name
            for event in history.events
        )
        history.event("worker-heartbeat", 1, name, processed=count, **about, **software)


def write_history(directory: Path, now: float) -> None:
    """Make a data directory that holds all of it, through the decoder and the store."""
    history = History(now)
    for number in range(ORDER_COUNT):
        order(history, number)
    others(history)
    workers(history)
    events = sorted(history.events, key=lambda event: float(event["timestamp"]))
    bodies = (json.dumps({**event, "clock": clock}) for clock, event in enumerate(events, start=1))
    decoded = decode_all((body.encode() for body in bodies), now)
    assert decoded.faults == []
    store = SqliteStore(directory, write=True)
    try:
        store.apply(decoded.events)
        start, end = (now - ago for ago in GAP)
        store.keep_gaps([KeptGap(start, end, "collector-away", collector="collector")])
    finally:
        store.close()
