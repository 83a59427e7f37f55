"""A small web shop, as the demo's workers know it: `celery -A umbel.demo.shop worker`.

It looks like what people have: orders that pass through several queues, mail that has to
be sent twice, images in groups, slow reports that tell how far they are, things done at
their time, and all the ways in which such tasks fail. It only sleeps and counts; nothing
leaves the machine.
"""

import logging
import os
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import after_setup_task_logger

app = Celery(
    "shop",
    events="umbel.worker:StreamEvents",
    broker=os.environ.get("SHOP_BROKER", "redis://127.0.0.1:6379/0"),
    backend=os.environ.get("SHOP_BROKER", "redis://127.0.0.1:6379/0"),
    include=[
        "umbel.demo.shop.orders",
        "umbel.demo.shop.mail",
        "umbel.demo.shop.images",
        "umbel.demo.shop.reports",
    ],
)
app.conf.update(
    accept_content=["json"],
    broker_connection_retry_on_startup=True,
    result_expires=600,
    result_extended=True,
    task_send_sent_event=True,
    task_store_errors_even_if_ignored=True,
    timezone="UTC",
    umbel_groups=True,
    umbel_log_lines=True,
    worker_prefetch_multiplier=2,
    worker_send_task_events=True,
    task_default_queue="orders",
    task_routes={
        "shop.orders.*": {"queue": "orders"},
        "shop.mail.*": {"queue": "mail"},
        "shop.images.*": {"queue": "images"},
        "shop.reports.*": {"queue": "reports"},
    },
    beat_schedule={
        "stock levels": {"task": "shop.reports.stock_levels", "schedule": 10.0},
        "abandoned carts": {"task": "shop.orders.expire_carts", "schedule": 15.0},
        "newsletter": {"task": "shop.mail.digest", "schedule": 45.0, "args": ("morning",)},
        "evening newsletter": {
            "task": "shop.mail.digest",
            "schedule": crontab("0", "18", "mon-fri"),
            "args": ("evening",),
        },
        "category tree": {
            "task": "shop.reports.category_tree",
            "schedule": crontab("*/2"),
            "args": ("garden",),
        },
    },
)


@after_setup_task_logger.connect
def log_for_umbel(logger: logging.Logger, **_options: Any) -> None:
    """Tasks log from INFO on; the file of a worker has warnings alone, so that it stays small."""
    for handler in logger.handlers:
        handler.setLevel(logging.WARNING)
    logger.setLevel(logging.INFO)


__all__ = ["app"]
