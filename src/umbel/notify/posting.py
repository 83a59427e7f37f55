"""A POST to an address that somebody configured: no redirects, a time limit, and nothing
read of an answer but its head.
"""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

from umbel.basic_auth import basic_authorization
from umbel.errors import DeliveryFailed
from umbel.masking import mask_address
from umbel.notify.base import TIMEOUT_S
from umbel.time_limit import WHOLE_S, within
from umbel.timed_http import timed_opener

#: Answers that can be others later by themselves: too busy, too early.
_LATER: Final = frozenset({408, 425, 429})
#: Answers about this very message, which will be no other. A wrong address, secret or right (404,
#: 403, a redirect) somebody mends while the message waits.
_FINAL: Final = frozenset({400, 405, 406, 410, 411, 413, 414, 415, 422, 431})
_RETRY_MAX_S: Final = 3_600.0


_OPENER: Final = timed_opener()


def post(url: str, body: bytes, headers: Mapping[str, str], *, whole_s: float = WHOLE_S) -> None:
    """Raises `DeliveryFailed`, in words that have nothing of the address but its host."""
    host = f"{url.partition('://')[0]}://{(url.partition('://')[2]).partition('/')[0]}"
    where = mask_address(host)
    bare, proof = _without_credentials(url)
    request = urllib.request.Request(bare, body, {**headers, **proof}, method="POST")  # noqa: S310  checked by settings
    try:
        # Nothing of the body is read: the status has said that it was taken.
        with within(whole_s), _OPENER.open(request, timeout=TIMEOUT_S):
            pass
    except urllib.error.HTTPError as error:
        with error:
            code, after = error.code, _seconds(error.headers.get("Retry-After"))
        raise DeliveryFailed(
            f"{where} answered {code} {http.client.responses.get(code, '')}".strip() + ".",
            remedy=_remedy(code),
            retriable=code not in _FINAL,
            after_s=after,
        ) from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        why = reason if isinstance(reason, str) else type(reason).__name__
        if isinstance(reason, ssl.SSLCertVerificationError):
            why = reason.verify_message
        elif isinstance(reason, TimeoutError):
            raise DeliveryFailed(f"{where} did not answer in time.", retriable=True) from None
        elif isinstance(reason, OSError) and reason.strerror:
            why = reason.strerror
        raise DeliveryFailed(f"{where} could not be reached: {why}.", retriable=True) from None


def _remedy(code: int) -> str:
    if code in _LATER or code >= 500:
        return ""
    if code < 400:
        return "Redirects are not followed: give the address where it leads."
    return "Look at its address and secret."


def _without_credentials(url: str) -> tuple[str, dict[str, str]]:
    """An address without the user and password that stand in it, and the header that tells
    them."""
    parts = urlsplit(url)
    userinfo, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, {}
    name, _, password = userinfo.partition(":")
    proof = {"authorization": basic_authorization(unquote(name), unquote(password))}
    return urlunsplit(parts._replace(netloc=host)), proof


def _seconds(text: str | None) -> float | None:
    if text is None or not text.strip().isdigit():
        return None
    return min(float(text), _RETRY_MAX_S)
