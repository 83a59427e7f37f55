"""HTTP by `urllib` within a limit for all of it: its connections end with `time_limit.within`.

No redirect is followed, since what is secret in a request is for nobody else.
"""

from __future__ import annotations

import functools
import http.client
import ssl
import urllib.request
from typing import Any

from umbel.time_limit import connected


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Nobody is led elsewhere with what is secret."""


class _Http(http.client.HTTPConnection):
    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._create_connection = connected


class _Https(http.client.HTTPSConnection):
    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._create_connection = connected


class _HttpHandler(urllib.request.HTTPHandler):
    def http_open(self, request: urllib.request.Request) -> Any:
        return self.do_open(_Http, request)


class _HttpsHandler(urllib.request.HTTPSHandler):
    def __init__(self, tls: ssl.SSLContext | None) -> None:
        urllib.request.AbstractHTTPHandler.__init__(self)
        self._tls = tls

    def https_open(self, request: urllib.request.Request) -> Any:
        return self.do_open(_Https, request, context=self._tls or _usual_tls())


@functools.cache
def _usual_tls() -> ssl.SSLContext:
    """Made when it is first needed, since it takes 30 ms to read the authorities."""
    return ssl.create_default_context()


def timed_opener(tls: ssl.SSLContext | None = None) -> urllib.request.OpenerDirector:
    """What opens addresses `within` a limit, with the usual authorities where there is no `tls`."""
    return urllib.request.build_opener(_NoRedirect(), _HttpHandler(), _HttpsHandler(tls))
