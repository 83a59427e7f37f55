"""Heads of requests, stricter than h11 where two programs in a row could read them differently.

A proxy and a server that do not agree where a request ends can be made to answer one person with
what another asked (request smuggling). RFC 9112 lets a server refuse what is ambiguous, so it is
refused, and the connection closed.
"""

from __future__ import annotations

from typing import Any, Final

import h11

#: More headers than any browser and proxy send together.
HEADERS_MAX: Final = 200
_VERSIONS: Final = frozenset({b"1.0", b"1.1"})


class StrictConnection(h11.Connection):
    """h11's connection; `refused` says why a head was not taken, "" as long as all were."""

    refused = ""

    def next_event(self) -> Any:
        """See h11. Raises `h11.RemoteProtocolError`, from then on each time."""
        event = None if self.refused else super().next_event()
        if isinstance(event, h11.Request):
            self.refused = _fault(event)
        if self.refused:
            raise h11.RemoteProtocolError(self.refused)
        return event


def _fault(request: h11.Request) -> str:
    if request.http_version not in _VERSIONS:
        return "HTTP/1.1 and HTTP/1.0 are spoken here."
    if len(request.headers) > HEADERS_MAX:
        return f"Up to {HEADERS_MAX} headers are read."
    names = {name for name, _ in request.headers}
    if b"transfer-encoding" in names:
        if b"content-length" in names:  # RFC 9112, 6.3
            return "A request has a Content-Length or a Transfer-Encoding, not both."
        if request.http_version == b"1.0":  # RFC 9112, 6.1
            return "There is no Transfer-Encoding in HTTP/1.0."
    return ""
