"""What the functions of Umbel are given for Flower's `events`."""

from __future__ import annotations

from typing import Any

from flower.events import Events


def opened(events: Any) -> Any:
    """Flower's `Events` as Umbel's; anything else (Umbel's own, Celery's `State`) as it is."""
    return events.opened if isinstance(events, Events) else events
