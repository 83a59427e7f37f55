"""From the cart to the parcel."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import chain, chord, group, shared_task
from celery.exceptions import Ignore
from celery.utils.log import get_task_logger

from umbel.demo.shop import images, mail

log = get_task_logger(__name__)


class OutOfStock(Exception):
    """Nothing left to reserve."""


class CardDeclined(Exception):
    """The bank said no."""


class GatewayTimeout(Exception):
    """The bank said nothing."""


@shared_task(name="shop.orders.place")
def place(order_id: int, customer: str, items: list[dict[str, Any]], total_cents: int) -> str:
    """Check an order and send it on its way."""
    time.sleep(random.uniform(0.02, 0.08))
    log.info(
        "Order %d of %s: %d lines, %.2f EUR", order_id, customer, len(items), total_cents / 100
    )
    pay = charge.si(order_id=order_id, amount_cents=total_cents)
    tell = mail.send.si(to=customer, template="order_confirmed", order_id=order_id)
    reserved = [reserve.si(order_id, item["sku"], quantity=item["quantity"]) for item in items]
    parcel = chain(pack.si(order_id, len(items)), ship.si(order_id, customer))
    chain(group(reserved) | tally.s(order_id), pay, group(tell, parcel)).apply_async()
    remind.apply_async(
        kwargs={"order_id": order_id, "customer": customer},
        eta=datetime.now(UTC) + timedelta(seconds=random.uniform(20, 90)),
    )
    return f"order {order_id} accepted"


@shared_task(name="shop.orders.reserve")
def reserve(order_id: int, sku: str, *, quantity: int) -> dict[str, Any]:
    """Take goods from the shelf."""
    time.sleep(random.uniform(0.01, 0.12))
    if random.random() < 0.02:
        raise OutOfStock(f"{sku}: {quantity} wanted, 0 left (order {order_id})")
    return {"sku": sku, "quantity": quantity, "shelf": random.choice("ABCDEF")}


@shared_task(name="shop.orders.tally")
def tally(reserved: list[dict[str, Any]], order_id: int) -> dict[str, int]:
    """How many pieces an order has; what follows a group of reservations."""
    return {"order_id": order_id, "pieces": sum(line["quantity"] for line in reserved)}


@shared_task(
    name="shop.orders.charge",
    bind=True,
    max_retries=3,
    autoretry_for=(GatewayTimeout,),
    retry_backoff=1,
    retry_backoff_max=4,
)
def charge(self: Any, *, order_id: int, amount_cents: int) -> dict[str, Any]:
    """Take the money; banks are slow, sometimes silent, sometimes unkind."""
    attempt = self.request.retries + 1
    log.info("Asking the bank for %.2f EUR, attempt %d", amount_cents / 100, attempt)
    time.sleep(random.uniform(0.08, 0.35))
    self.send_event("task-progress", step="authorised", order_id=order_id)
    answer = _ask_bank(amount_cents)
    log.info("The bank took the money: %s", answer)
    return {"order_id": order_id, "authorisation": answer, "amount_cents": amount_cents}


def _ask_bank(amount_cents: int) -> str:
    fate = random.random()
    if fate < 0.08:
        log.warning("No answer of payments.example for 2.0 s")
        raise GatewayTimeout("payments.example did not answer within 2.0 s")
    if fate < 0.12:
        _refuse(amount_cents)
    return f"auth-{random.randrange(16**8):08x}"


def _refuse(amount_cents: int) -> None:
    limits = {"daily": 50_000, "monthly": 200_000}
    try:
        limits["weekly"] -= amount_cents
    except KeyError as error:
        log.exception("The limits of this card cannot be read")
        raise CardDeclined(f"insufficient funds for {amount_cents / 100:.2f} EUR") from error


@shared_task(name="shop.orders.pack")
def pack(order_id: int, pieces: int) -> str:
    """Put it into a box."""
    time.sleep(random.uniform(0.05, 0.2) * pieces)
    return f"parcel-{order_id}"


@shared_task(name="shop.orders.ship")
def ship(order_id: int, customer: str) -> str:
    """Hand the parcel over, and show the customer how it looks."""
    time.sleep(random.uniform(0.05, 0.15))
    if random.random() < 0.03:
        customer.encode("ascii")
    if random.random() < 0.3:
        views = [images.thumbnail.s(f"parcel-{order_id}-{view}.jpg", 320) for view in range(3)]
        chord(views)(images.gallery.s(order_id=order_id))
    return f"tracking-{order_id:08d}"


@shared_task(name="shop.orders.remind")
def remind(*, order_id: int, customer: str) -> None:
    """Ask, some time after the order, how the customer liked it."""
    if random.random() < 0.01:
        raise Ignore  # of which Celery tells no end, so that the task looks started for ever
    mail.send.delay(to=customer, template="how_was_it", order_id=order_id)


@shared_task(name="shop.orders.expire_carts", ignore_result=True)
def expire_carts() -> None:
    """Empty the carts that nobody came back for."""
    time.sleep(random.uniform(0.1, 0.6))
