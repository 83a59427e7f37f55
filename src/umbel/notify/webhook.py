"""A webhook: the message as JSON, signed.

    POST ... content-type: application/json
    umbel-delivery: the message's id, the same when it comes again
    umbel-timestamp: Unix seconds
    umbel-signature: v1=HEX, HMAC-SHA256 by the secret of "TIMESTAMP.BODY"

Whoever receives it reckons the signature anew over the raw body, compares in constant time, and
refuses what is older than some minutes.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

import msgspec

from umbel import __version__
from umbel.clock import Clock
from umbel.notify.base import AlertMessage, NotifierConfig
from umbel.notify.posting import post
from umbel.notify.templates import filled

SIGNATURE: Final = "umbel-signature"
TIMESTAMP: Final = "umbel-timestamp"
DELIVERY: Final = "umbel-delivery"


class Webhook:
    """See the module."""

    def __init__(self, config: NotifierConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock

    def deliver(self, message: AlertMessage) -> None:
        config = self._config
        shown = msgspec.structs.replace(
            message,
            title=filled(config.title, message) if config.title else message.title,
            text=filled(config.text, message) if config.text else message.text,
        )
        body = msgspec.json.encode(shown)
        at = f"{self._clock.now():.0f}"
        headers = {
            "content-type": "application/json",
            "user-agent": f"Umbel/{__version__}",
            DELIVERY: message.id,
            TIMESTAMP: at,
        }
        if config.secret:
            headers[SIGNATURE] = signature(config.secret, at, body)
        post(config.url, body, headers)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The value of the header."""
    signed = timestamp.encode() + b"." + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
