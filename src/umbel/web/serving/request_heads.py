"""Heads of requests, stricter than h11 where two programs in a row could read them differently.

A proxy and a server that do not agree where a request ends can be made to answer one person with
what another asked (request smuggling). RFC 9112 lets a server refuse what is ambiguous, so it is
refused, and the connection closed. Lines are looked at before h11 takes them apart, since it needs
time that grows with the square of a run of spaces that ends in what no header may have.
"""

from __future__ import annotations

import re
from typing import Any, Final

import h11

#: More headers than any browser and proxy send together.
HEADERS_MAX: Final = 200
#: The longest run of spaces and tabs in a head.
SPACES_MAX: Final = 64
_END: Final = re.compile(rb"\n\r?\n")
#: A line that ends in a line feed alone (RFC 9112, 2.2), or goes on in the next one (5.2).
_ODD_LINE: Final = re.compile(rb"(?<!\r)\n|\n[ \t]")
_SPACES: Final = re.compile(rb"[ \t]{2,}")
_VERSIONS: Final = frozenset({b"1.0", b"1.1"})


class StrictConnection(h11.Connection):
    """h11's connection; `refused` says why a head was not taken, "" as long as all were."""

    refused = ""
    #: Whether a head may have ended that was not looked at, and the last bytes that came. A head
    #: is looked at once, not anew with each packet of it.
    _unseen = False
    _last = b""

    def receive_data(self, data: bytes) -> None:
        """See h11."""
        super().receive_data(data)
        received = self._last + data
        self._last = received[-2:]
        self._unseen = self._unseen or _END.search(received) is not None

    def start_next_cycle(self) -> None:
        """See h11."""
        super().start_next_cycle()
        self._unseen = True

    def next_event(self) -> Any:
        """See h11. Raises `h11.RemoteProtocolError`, from then on each time."""
        if self._unseen and self.their_state is h11.IDLE:
            self._unseen = False
            self.refused = self.refused or _fault_of_lines(self.trailing_data[0])
        event = None if self.refused else super().next_event()
        if isinstance(event, h11.Request):
            self.refused = _fault(event)
        if self.refused:
            raise h11.RemoteProtocolError(self.refused)
        return event


def _fault_of_lines(received: bytes) -> str:
    """What is wrong with the head that has been received, if all of it has."""
    end = _END.search(received)
    if end is None:
        return ""
    head = received[: end.end()]
    if _ODD_LINE.search(head):
        return "A line of the head ends in a line feed alone, or goes on in the next line."
    if any(len(run) > SPACES_MAX for run in _SPACES.findall(head)):
        return f"Up to {SPACES_MAX} spaces in a row are read."
    return ""


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
