"""HTTP requests to one server, with persistent connections.

A GET takes an idle connection, and a new one if the server had closed it meanwhile. A POST
always takes a new one: sent twice it could act twice.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Final
from urllib.parse import urlencode

from umbel import __version__
from umbel.client.address import Address
from umbel.client.problems import error_of
from umbel.errors import ServerUnreachable

CONNECT_TIMEOUT_S: Final = 5.0
#: The largest answer that is read.
ANSWER_MAX: Final = 256 * 1024 * 1024
_IDLE_MAX: Final = 4

Parameters = Mapping[str, "str | int | float | None"]


class Transport:
    """Any thread, at the same time; each request has a connection for itself."""

    def __init__(self, address: Address, *, timeout_s: float) -> None:
        self.address = address
        self._timeout_s = timeout_s
        self._idle: list[HTTPConnection] = []
        self._lock = threading.Lock()
        self._closed = False
        self._context = ssl.create_default_context() if address.scheme == "https" else None

    def get(self, path: str, parameters: Parameters, *, timeout_s: float | None = None) -> bytes:
        """The body of an answer to a GET. Raises what `error_of` makes of a problem."""
        idle = self._idle_connection()
        target = self._target(path, parameters)
        if idle is not None:
            try:
                return self._answer(idle, "GET", target, None, timeout_s)
            except ServerUnreachable:
                idle.close()
        return self._answer(self._new(), "GET", target, None, timeout_s)

    def post(self, path: str, body: bytes, *, timeout_s: float | None = None) -> bytes:
        """The body of an answer to a POST of JSON. Where the answer is lost it may have been done,
        so `ServerUnreachable` is not `retriable` then."""
        connection = self._new()
        self._connect(connection)
        try:
            return self._answer(connection, "POST", self._target(path, {}), body, timeout_s)
        except ServerUnreachable as error:
            lost = ServerUnreachable(
                f"The answer was lost. {error.message}",
                remedy="It may have been done: look, as with umbel audit, before you do it again.",
            )
            lost.retriable = False
            raise lost from error

    def stream(
        self, path: str, parameters: Parameters, *, silence_s: float
    ) -> tuple[HTTPConnection, HTTPResponse]:
        """An answer that does not end, and its connection, which is the caller's to close. A
        read raises `TimeoutError` when nothing came for `silence_s`."""
        connection = self._new()
        try:
            response = self._ask(connection, "GET", self._target(path, parameters), None, silence_s)
            if response.status != 200:
                raise error_of(response.status, response.read(ANSWER_MAX), self.address.url)
        except BaseException:
            connection.close()
            raise
        return connection, response

    def close(self) -> None:
        """Close idle connections. May be called twice."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _answer(
        self,
        connection: HTTPConnection,
        method: str,
        target: str,
        body: bytes | None,
        timeout_s: float | None,
    ) -> bytes:
        try:
            response = self._ask(connection, method, target, body, timeout_s)
            read = self._read(response)
        except BaseException:
            connection.close()
            raise
        self._keep(connection, response)
        if not 200 <= response.status < 300:
            raise error_of(response.status, read, self.address.url)
        return read

    def _ask(
        self,
        connection: HTTPConnection,
        method: str,
        target: str,
        body: bytes | None,
        timeout_s: float | None,
    ) -> HTTPResponse:
        headers = {"Accept": "application/json", "User-Agent": f"umbel/{__version__}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self.address.authorization is not None:
            headers["Authorization"] = self.address.authorization
        self._connect(connection)
        try:
            connection.sock.settimeout(self._timeout_s if timeout_s is None else timeout_s)
            connection.request(method, target, body=body, headers=headers)
            return connection.getresponse()
        except (OSError, HTTPException) as error:
            raise self._unreachable(error) from error

    def _connect(self, connection: HTTPConnection) -> None:
        if connection.sock is not None:
            return
        connection.timeout = CONNECT_TIMEOUT_S
        try:
            connection.connect()
        except (OSError, HTTPException) as error:
            connection.close()
            raise self._unreachable(error) from error

    def _read(self, response: HTTPResponse) -> bytes:
        try:
            read = response.read(ANSWER_MAX + 1)
        except (OSError, HTTPException) as error:
            raise self._unreachable(error) from error
        if len(read) > ANSWER_MAX:
            raise self._unreachable(ValueError("its answer does not end"))
        return read

    def _unreachable(self, error: Exception) -> ServerUnreachable:
        if isinstance(error, TimeoutError):
            reason = "it does not answer in time"
        elif isinstance(error, ssl.SSLCertVerificationError):
            reason = f"its certificate is not trusted ({error.verify_message})"
        else:
            text = " ".join(str(getattr(error, "strerror", None) or error).split())
            reason = text or type(error).__name__
        return ServerUnreachable(
            f"Umbel at {self.address.url} cannot be reached: {reason}.",
            remedy="Check the address, and that umbel serve runs there.",
        )

    def _target(self, path: str, parameters: Parameters) -> str:
        given = {name: value for name, value in parameters.items() if value is not None}
        return f"{self.address.prefix}{path}" + (f"?{urlencode(given)}" if given else "")

    def _new(self) -> HTTPConnection:
        address = self.address
        if self._context is not None:
            return HTTPSConnection(address.host, address.port, context=self._context)
        return HTTPConnection(address.host, address.port)

    def _idle_connection(self) -> HTTPConnection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _keep(self, connection: HTTPConnection, response: HTTPResponse) -> None:
        with self._lock:
            if not response.will_close and not self._closed and len(self._idle) < _IDLE_MAX:
                self._idle.append(connection)
                return
        connection.close()
