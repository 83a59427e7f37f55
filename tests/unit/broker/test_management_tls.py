"""RabbitMQ's management API over TLS, trusted as `broker_use_ssl` says for the broker."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.certificates import make_certificate
from umbel.broker.management import Management, QueueFigures
from umbel.errors import BrokerRefused


class _Api(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"name": "mail", "type": "quorum"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Api(NamedTuple):
    url: str
    certificate: Path


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One that tells of the queue `mail`, with a certificate that nobody else signed."""
    certificate, key = make_certificate(tmp_path_factory.mktemp("tls"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Api) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield Api(f"https://127.0.0.1:{server.server_port}", certificate)
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("name", ["ca_certs", "ssl_ca_certs"])
def test_the_authority_of_the_broker_is_trusted(api: Api, name: str) -> None:
    management = Management(api.url, "ann", "secret", {name: str(api.certificate)})

    found = management.queues("/", ["mail"])

    assert management.trouble is None
    assert found == {"mail": QueueFigures(name="mail", kind="quorum")}


@pytest.mark.parametrize("none", [ssl.CERT_NONE, "none", "CERT_NONE"])
def test_nothing_is_checked_where_the_broker_is_not_checked(api: Api, none: object) -> None:
    assert "mail" in Management(api.url, "ann", "secret", {"cert_reqs": none}).queues("/", ["mail"])


@pytest.mark.parametrize("tls", [None, True, {"cert_reqs": ssl.CERT_REQUIRED}])
def test_a_stranger_is_not_trusted(api: Api, tls: object) -> None:
    management = Management(api.url, "ann", "secret", tls)

    assert management.queues("/", ["mail"]) == {}
    assert "CERTIFICATE_VERIFY_FAILED" in (management.trouble or "")


def test_a_certificate_that_cannot_be_read_is_said() -> None:
    with pytest.raises(BrokerRefused, match="broker_use_ssl names cannot be read"):
        Management("https://127.0.0.1:1", None, None, {"ca_certs": "/nowhere.pem"})
