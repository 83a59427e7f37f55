"""One keep-alive HTTP connection that times its answers."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any, NamedTuple
from urllib.parse import urlencode


class Answer(NamedTuple):
    """`seconds` is from the first byte asked to the last byte read."""

    status: int
    body: bytes
    seconds: float

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Asks one server on this machine, one question at a time."""

    def __init__(self, port: int, timeout_s: float = 60.0) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)

    def get(self, path: str, **parameters: object) -> Answer:
        """The answer to a GET. Raises `OSError` when nobody answers in time."""
        target = f"{path}?{urlencode(parameters)}" if parameters else path
        try:
            return self._ask(target)
        except ConnectionError:
            # A server may close a connection that was idle; that is not its answer.
            return self._ask(target)

    def post(self, path: str, body: object) -> Answer:
        """The answer to a POST of `body` as JSON. Raises `OSError`."""
        return self._ask(path, "POST", json.dumps(body).encode())

    def _ask(self, target: str, method: str = "GET", body: bytes | None = None) -> Answer:
        headers = {"Accept": "*/*"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        begun = time.perf_counter()
        try:
            self._connection.request(method, target, body, headers)
            response = self._connection.getresponse()
            body = response.read()
        except (http.client.HTTPException, OSError) as error:
            self._connection.close()
            if isinstance(error, OSError):
                raise
            raise OSError(f"{method} {target}: {error!r}") from error
        return Answer(response.status, body, time.perf_counter() - begun)

    def close(self) -> None:
        self._connection.close()
