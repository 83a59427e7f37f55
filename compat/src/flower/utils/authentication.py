"""Where Flower 2.2 has `validate_auth_option`."""

from __future__ import annotations

from flower.views.auth import validate_auth_option

__all__ = ["validate_auth_option"]
