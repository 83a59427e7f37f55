"""Tests over HTTP ask the same world as those of the API."""

from __future__ import annotations

from tests.api.conftest import anyio_backend, world

__all__ = ["anyio_backend", "world"]
