"""Tornado's settings and handlers, which code gives to `Flower(**settings)`: Umbel needs none of
them, and serves Flower's addresses itself (docs/flower.md)."""

from __future__ import annotations

from typing import Any

settings: dict[str, Any] = {}
handlers: list[Any] = []
