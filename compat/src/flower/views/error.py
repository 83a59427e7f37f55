"""Flower's page for what is not there are Umbel's own."""

from __future__ import annotations

from flower.unserved import unserved

_INSTEAD = "Umbel's pages are not extended."
__getattr__ = unserved(
    __name__,
    dict.fromkeys(("NotFoundErrorHandler",), _INSTEAD),
)
