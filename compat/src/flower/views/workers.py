"""Flower's pages of workers are Umbel's own."""

from __future__ import annotations

from flower.unserved import unserved

__getattr__ = unserved(
    __name__,
    dict.fromkeys(
        ("WorkersView", "WorkerView"),
        "Umbel's page is at /workers; in a program use umbel.workers and umbel.inspect.",
    ),
)
