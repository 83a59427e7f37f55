"""Letters, which do not always leave at the first try."""

from __future__ import annotations

import random
import smtplib
import time
from typing import Any

from celery import shared_task


@shared_task(name="shop.mail.send", bind=True, max_retries=4)
def send(self: Any, *, to: str, template: str, order_id: int) -> dict[str, Any]:
    """Send one letter."""
    time.sleep(random.uniform(0.02, 0.15))
    try:
        size = _deliver(to, template)
    except smtplib.SMTPException as error:
        raise self.retry(exc=error, countdown=random.uniform(1, 5)) from error
    return {"to": to, "template": template, "order_id": order_id, "bytes": size}


def _deliver(to: str, template: str) -> int:
    if random.random() < 0.06:
        raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")
    return len(to) + len(template) + random.randrange(2_000, 30_000)


@shared_task(name="shop.mail.digest")
def digest(edition: str) -> int:
    """The newsletter to everybody."""
    time.sleep(random.uniform(0.5, 2.0))
    return len(edition) * random.randrange(100, 1_000)
