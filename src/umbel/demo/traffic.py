"""The demo's customers: `python -m umbel.demo.traffic` until it is told to end.

They come in a slow wave with a rush now and then, which makes about five to twenty tasks a
second of the few kinds of things that they do.
"""

from __future__ import annotations

import itertools
import math
import random
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

from umbel.demo.shop import app, images, orders, reports

CUSTOMERS = (
    "Zoë Köhler",
    "渡辺 陽菜",
    "Łukasz Żak",
    "Nguyễn Thị Hoa",
    "Siobhán O'Brien",
    "José da Silva",
    "Fatima الزهراء",
    "Anna Müller",
    "Ada Lovelace",
    "Bjørn Ås",
)
SKUS = ("teapot-red", "mug-0.3", "lamp/brass", "chair oak", "sofa-3", "pen", "notebook A5")
FIRST_ORDER = 4711

#: Tasks that somebody may think better of.
_slow: deque[str] = deque(maxlen=20)
_order_ids = itertools.count(FIRST_ORDER)


def order() -> None:
    """Somebody buys one to four things."""
    items = [
        {"sku": sku, "quantity": random.randint(1, 3)}
        for sku in random.sample(SKUS, k=random.choice((1, 1, 1, 2, 2, 3, 4)))
    ]
    orders.place.delay(
        next(_order_ids),
        customer=random.choice(CUSTOMERS),
        items=items,
        total_cents=random.randrange(499, 49_900),
    )


def report() -> None:
    """Somebody upstairs wants figures."""
    regions = random.sample(reports.REGIONS, k=random.randint(2, 6))
    report = reports.sales.apply_async(kwargs={"period": "2026-Q3", "regions": regions})
    _slow.append(report.id)


def browse_catalogue() -> None:
    """A crawler goes through the categories; it does not wait for ever."""
    reports.category_tree.apply_async(args=["Furniture"], expires=20)


def upload_film() -> None:
    """A supplier shows a thing in motion."""
    images.transcode.delay(f"film-{random.randrange(900):03d}", preset=random.choice(("hd", "4k")))


def think_better_of_it() -> None:
    """Somebody takes back what they asked for, running or not."""
    if _slow:
        app.control.revoke(_slow.pop(), terminate=random.random() < 0.5)


DEEDS: tuple[tuple[Callable[[], None], int], ...] = (
    (order, 82),
    (browse_catalogue, 8),
    (report, 5),
    (upload_film, 4),
    (think_better_of_it, 2),
)


def pauses() -> Iterator[float]:
    """Seconds from one deed to the next: a wave of two minutes, a rush every one."""
    began = time.monotonic()
    while True:
        passed = time.monotonic() - began
        rate = 1.0 + 0.5 * math.sin(passed / 120 * 2 * math.pi)
        if passed % 60 > 54:
            rate *= 2.5
        yield random.expovariate(rate)


def main() -> None:
    """Do one deed after another until SIGTERM or SIGINT."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    deeds, weights = zip(*DEEDS, strict=True)
    for pause in pauses():
        if ended.wait(pause):
            return
        random.choices(deeds, weights)[0]()


if __name__ == "__main__":
    main()
