"""A receiver of OTLP over HTTP, as a collector of OpenTelemetry is one for JSON."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class OtlpReceiver:
    """What came, by path. `status` and `answer` are what it answers with."""

    def __init__(self) -> None:
        self.status = 200
        self.answer = b"{}"
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.refused = 0
        self.url = ""

    def spans(self) -> list[dict[str, Any]]:
        """All spans, each with the worker of its resource."""
        return [
            {**span, "worker": named(resource["resource"]["attributes"])["service.instance.id"]}
            for path, _, body in list(self.requests)
            if path == "/v1/traces"
            for resource in body["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]

    def metrics(self) -> dict[str, dict[str, Any]]:
        """The last of each metric by its name."""
        return {
            metric["name"]: metric
            for path, _, body in list(self.requests)
            if path == "/v1/metrics"
            for resource in body["resourceMetrics"]
            for scope in resource["scopeMetrics"]
            for metric in scope["metrics"]
        }


def named(attributes: list[dict[str, Any]]) -> dict[str, Any]:
    """Attributes by their keys."""
    return {each["key"]: next(iter(each["value"].values())) for each in attributes}


@contextmanager
def otlp_receiver() -> Iterator[OtlpReceiver]:
    """One at a free port, until the end."""
    receiver = OtlpReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if receiver.status == 200:
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.requests.append((self.path, headers, json.loads(body)))
            else:
                receiver.refused += 1
            self.send_response(receiver.status)
            self.send_header("Content-Length", str(len(receiver.answer)))
            self.end_headers()
            self.wfile.write(receiver.answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
