"""A POST to an address that somebody configured: no redirects, a bounded answer, a time limit."""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, Final

from umbel.errors import DeliveryFailed
from umbel.masking import mask_address
from umbel.notify.base import TIMEOUT_S

#: So many bytes of an answer are read.
_ANSWER_MAX: Final = 2_000
#: Answers that can be others later: too busy, too early, a server's own trouble.
_LATER: Final = frozenset({408, 425, 429})
_RETRY_MAX_S: Final = 3_600.0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Nobody is led elsewhere with what is secret."""


_OPENER: Final = urllib.request.build_opener(
    _NoRedirect(),
    urllib.request.HTTPSHandler(context=ssl.create_default_context()),
)


def post(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Raises `DeliveryFailed`, in words that have nothing of the address but its host."""
    host = f"{url.partition('://')[0]}://{(url.partition('://')[2]).partition('/')[0]}"
    where = mask_address(host)
    request = urllib.request.Request(url, body, dict(headers), method="POST")  # noqa: S310  checked by settings
    try:
        with _OPENER.open(request, timeout=TIMEOUT_S) as response:
            response.read(_ANSWER_MAX)
    except urllib.error.HTTPError as error:
        with error:
            code, after = error.code, _seconds(error.headers.get("Retry-After"))
        raise DeliveryFailed(
            f"{where} answered {code} {http.client.responses.get(code, '')}".strip() + ".",
            remedy="" if code in _LATER or code >= 500 else "Look at its address and secret.",
            retriable=code in _LATER or code >= 500,
            after_s=after,
        ) from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        why = reason if isinstance(reason, str) else type(reason).__name__
        if isinstance(reason, ssl.SSLCertVerificationError):
            why = reason.verify_message
        elif isinstance(reason, OSError) and reason.strerror:
            why = reason.strerror
        raise DeliveryFailed(f"{where} could not be reached: {why}.", retriable=True) from None


def _seconds(text: str | None) -> float | None:
    if text is None or not text.strip().isdigit():
        return None
    return min(float(text), _RETRY_MAX_S)
