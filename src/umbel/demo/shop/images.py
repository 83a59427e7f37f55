"""Pictures of goods, made small in groups."""

from __future__ import annotations

import random
import struct
import time
from typing import Any

from celery import shared_task
from celery.exceptions import Reject
from celery.utils.log import get_task_logger

log = get_task_logger(__name__)


@shared_task(name="shop.images.thumbnail", acks_late=True)
def thumbnail(image: str, width: int) -> dict[str, Any]:
    """Make one picture small."""
    time.sleep(random.uniform(0.05, 0.5))
    if random.random() < 0.02:
        raise Reject(f"{image} is no image", requeue=False)
    if random.random() < 0.02:
        struct.unpack(">II", b"\x89PNG")
    return {"image": image, "width": width, "bytes": random.randrange(4_000, 90_000)}


@shared_task(name="shop.images.gallery")
def gallery(thumbnails: list[dict[str, Any]], *, order_id: int) -> str:
    """Put small pictures together, once all are made."""
    time.sleep(random.uniform(0.05, 0.2))
    return f"gallery-{order_id} of {len(thumbnails)}"


@shared_task(name="shop.images.transcode", time_limit=6, soft_time_limit=4)
def transcode(video: str, *, preset: str) -> str:
    """Turn a film into another; some never end and meet their time limit."""
    endless = random.random() < 0.15
    log.info("Turning %s into %s", video, preset)
    try:
        time.sleep(30 if endless else random.uniform(0.5, 3.5))
    finally:
        if endless and random.random() < 0.3:
            time.sleep(10)
    return f"{video}.{preset}.mp4"
