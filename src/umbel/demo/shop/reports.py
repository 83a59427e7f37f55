"""Figures for the people upstairs: slow, with progress, sometimes wrong."""

from __future__ import annotations

import json
import random
import time
from typing import Any

from celery import shared_task
from celery.utils.log import get_task_logger

log = get_task_logger(__name__)

REGIONS = ("Île-de-France", "Köln", "Łódź", "東京", "São Paulo", "Zürich")


@shared_task(name="shop.reports.sales", bind=True)
def sales(self: Any, *, period: str, regions: list[str]) -> dict[str, Any]:
    """Sum up the sales of a period, region by region."""
    totals = {}
    for done, region in enumerate(regions, start=1):
        time.sleep(random.uniform(0.4, 1.6))
        totals[region] = _average_basket(region)
        log.info(
            "%s: %d of %d regions, baskets of %.2f EUR", region, done, len(regions), totals[region]
        )
        if totals[region] < 90:
            log.warning("%s: baskets are smaller than usual", region)
        self.send_event("task-progress", done=done, total=len(regions), region=region)
    return {"period": period, "average_basket": totals}


def _average_basket(region: str) -> float:
    baskets = [] if random.random() < 0.04 else random.choices(range(5, 200), k=20)
    return round(sum(baskets) / len(baskets), 2) if region else 0.0


@shared_task(name="shop.reports.stock_levels")
def stock_levels() -> dict[str, int]:
    """What is on the shelves, from the warehouse's own export."""
    time.sleep(random.uniform(0.1, 0.4))
    export = '{"A": 120, "B": 45, "C": 0'
    if random.random() < 0.9:
        export += "}"
    levels: dict[str, int] = json.loads(export)
    return levels


@shared_task(name="shop.reports.category_tree")
def category_tree(root: str) -> int:
    """How deep the catalogue is; a circle in it is found out the hard way."""
    time.sleep(random.uniform(0.05, 0.2))
    return _depth(root, circular=random.random() < 0.2)


def _depth(category: str, *, circular: bool) -> int:
    if not circular and len(category) > 40:
        return 1
    return 1 + _depth(category + " › sub" if not circular else category, circular=circular)
