"""Flower's pages are Umbel's own: nothing can be derived from them."""

from __future__ import annotations

from flower.unserved import unserved

__getattr__ = unserved(
    __name__,
    {"BaseHandler": "Umbel's pages are not extended; logins are settings (docs/settings.md)."},
)
