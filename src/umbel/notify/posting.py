"""A POST to an address that somebody configured: no redirects, a time limit, and nothing
read of an answer but its head.

`TIMEOUT_S` is for each read, so a receiver that answers a byte at a time would never reach it:
after `WHOLE_S` the connection is shut down, whatever it is doing.
"""

from __future__ import annotations

import errno
import http.client
import os
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final

from umbel.errors import DeliveryFailed
from umbel.masking import mask_address
from umbel.notify.base import TIMEOUT_S

#: How long all of it may take, seconds.
WHOLE_S: Final = 20.0
#: Answers that can be others later: too busy, too early, a server's own trouble.
_LATER: Final = frozenset({408, 425, 429})
_RETRY_MAX_S: Final = 3_600.0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Nobody is led elsewhere with what is secret."""


class _Connections(threading.local):
    """Those that this thread has opened; descriptors are doubles, which TLS takes from nobody."""

    def __init__(self) -> None:
        self.opened: list[socket.socket] = []


_CONNECTIONS: Final = _Connections()


def _connected(*given: Any, **named: Any) -> socket.socket:
    found = socket.create_connection(*given, **named)
    _CONNECTIONS.opened.append(socket.socket(fileno=os.dup(found.fileno())))
    return found


class _Http(http.client.HTTPConnection):
    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._create_connection = _connected


class _Https(http.client.HTTPSConnection):
    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._create_connection = _connected


class _HttpHandler(urllib.request.HTTPHandler):
    def http_open(self, request: urllib.request.Request) -> Any:
        return self.do_open(_Http, request)


class _HttpsHandler(urllib.request.HTTPSHandler):
    def https_open(self, request: urllib.request.Request) -> Any:
        return self.do_open(_Https, request, context=_TLS)


_TLS: Final = ssl.create_default_context()
_OPENER: Final = urllib.request.build_opener(_NoRedirect(), _HttpHandler(), _HttpsHandler())


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """What this thread opens is shut down after so many seconds, and then this raises
    `TimeoutError`."""
    opened: list[socket.socket] = []
    _CONNECTIONS.opened = opened
    late = threading.Event()

    def shut_down() -> None:
        late.set()
        for each in opened:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, shut_down)
    timer.daemon = True
    timer.start()
    try:
        yield
        if late.is_set():
            raise TimeoutError(errno.ETIMEDOUT, "it took too long")
    finally:
        timer.cancel()
        for each in opened:
            each.close()


def post(url: str, body: bytes, headers: Mapping[str, str], *, whole_s: float = WHOLE_S) -> None:
    """Raises `DeliveryFailed`, in words that have nothing of the address but its host."""
    host = f"{url.partition('://')[0]}://{(url.partition('://')[2]).partition('/')[0]}"
    where = mask_address(host)
    request = urllib.request.Request(url, body, dict(headers), method="POST")  # noqa: S310  checked by settings
    try:
        # Nothing of the body is read: the status has said that it was taken.
        with _within(whole_s), _OPENER.open(request, timeout=TIMEOUT_S):
            pass
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
