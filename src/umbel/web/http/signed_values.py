"""Values of cookies that only this server, and those that share its key, can have made.

Each purpose signs under a name of its own, so that no value passes for one of another purpose.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

#: Browsers keep no cookie of more than 4,096 bytes, name and attributes included.
VALUE_MAX: Final = 3_700


class SignedValues:
    """Values of one purpose. Any thread."""

    def __init__(self, key: bytes, purpose: str) -> None:
        self._key = hmac.new(key, b"signed:" + purpose.encode(), hashlib.sha256).digest()

    def write(self, body: bytes) -> str:
        """The value that says `body`; readable by whoever has it."""
        text = base64.urlsafe_b64encode(body).decode().rstrip("=")
        return f"{text}.{self._signature(text)}"

    def read(self, value: str) -> bytes | None:
        """What a value says; None if it is not ours."""
        text, _, signature = value.rpartition(".")
        if len(value) > VALUE_MAX or not value.isascii():
            return None
        if not hmac.compare_digest(self._signature(text), signature):
            return None
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    def derive(self, name: str, secret: str) -> str:
        """43 letters, digits, `-` and `_` that follow from `secret` and the key alone."""
        found = hmac.new(self._key, f"{name}:{secret}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(found).decode().rstrip("=")

    def _signature(self, text: str) -> str:
        return hmac.new(self._key, b"value:" + text.encode(), hashlib.sha256).hexdigest()
