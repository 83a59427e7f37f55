"""Flower's page of queues are Umbel's own."""

from __future__ import annotations

from flower.unserved import unserved

__getattr__ = unserved(
    __name__,
    dict.fromkeys(
        ("BrokerView",), "Umbel's page is at /queues; in a program use umbel.queue_lengths."
    ),
)
