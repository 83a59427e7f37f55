"""Tornado's settings, which code gives to `Flower(**settings)`: Umbel needs none of them."""

from __future__ import annotations

from typing import Any

from flower.unserved import unserved

settings: dict[str, Any] = {}

__getattr__ = unserved(
    __name__, {"handlers": "Umbel serves Flower's addresses itself (docs/flower.md)."}
)
