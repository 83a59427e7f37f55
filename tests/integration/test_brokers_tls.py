"""The fast paths over TLS: a socket that hands out decrypted bytes in records."""

from __future__ import annotations

import gc
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from tests.support.brokers import rabbit_vhost
from tests.support.real_clusters import cluster_at, signature
from tests.support.services import absent
from tests.support.sources import celery_app, dispatcher, events_in, say, source_of, take
from tests.support.stream_absence import assert_nothing_is_missed, streaming
from tests.support.waiting import wait_until
from umbel.broker import reader_process, stream_watch
from umbel.broker.event_sources import check
from umbel.broker.link import link_to_app
from umbel.errors import BrokerRefused


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1 and its key, in one file."""
    if shutil.which("openssl") is None:
        absent("The command openssl", "it is not installed")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
    command += " -addext subjectAltName=IP:127.0.0.1"
    subprocess.run(
        [*command.split(), "-keyout", path, "-out", f"{path}.crt"], check=True, capture_output=True
    )
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


class TlsDoor:
    """Takes TLS connections and forwards them, decrypted, to a server that speaks none."""

    def __init__(self, target: tuple[str, int], certificate: Path) -> None:
        self._target = target
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._forward, args=(near,), daemon=True).start()

    def _forward(self, near: socket.socket) -> None:
        with (
            suppress(OSError),
            near,
            socket.create_connection(self._target) as far,
            self._context.wrap_socket(near, server_side=True) as secure,
        ):
            back = threading.Thread(target=_pump, args=(far, secure), daemon=True)
            back.start()
            _pump(secure, far)
            back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError, ValueError):
        while came := source.recv(65_536):
            sink.sendall(came)
    for side in (source, sink):
        with suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)


@pytest.fixture(params=["redis", "rabbitmq"])
def secured(request: pytest.FixtureRequest, certificate: Path) -> Iterator[tuple[str, Any]]:
    """A broker's URL over TLS, and the `broker_use_ssl` that trusts it."""
    if request.param == "redis":
        plain = request.getfixturevalue("redis_url")
        trusts = {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_ca_certs": f"{certificate}.crt"}
        yield from _behind_tls(plain, "rediss", certificate, trusts)
    else:
        with rabbit_vhost() as plain:
            trusts = {"cert_reqs": ssl.CERT_REQUIRED, "ca_certs": f"{certificate}.crt"}
            yield from _behind_tls(plain, "amqps", certificate, trusts)


def _behind_tls(
    plain: str, scheme: str, certificate: Path, trusts: dict[str, Any]
) -> Iterator[tuple[str, Any]]:
    address = urlsplit(plain)
    user = f"{address.username}:{address.password}@" if address.username else ""
    target = (address.hostname or "127.0.0.1", address.port or 0)
    with closing(TlsDoor(target, certificate)) as door:
        yield f"{scheme}://{user}127.0.0.1:{door.port}{address.path}", trusts
    gc.collect()  # a connection that was left open is told here, and fails its own test


def test_events_arrive_over_tls(secured: tuple[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Some of them larger than a TLS record, which hands out 16 kB at most. However much comes, it
    is read where it is decrypted."""
    monkeypatch.setattr(reader_process, "BUSY_FROM", 0)
    monkeypatch.setattr(reader_process, "MEASURED_S", 0.0)
    url, trusts = secured
    app = celery_app(url, broker_use_ssl=trusts, event_exchange=f"ev-{uuid4().hex}")
    with source_of(app) as source:
        say(app, *(str(number) for number in range(100)))
        with dispatcher(app) as sender:
            sender.send("task-received", uuid="big", args="x" * 2_000_000)
            sender.flush()

        uuids = [event.uuid for event in events_in(take(source, 101))]

    assert sorted(uuids) == sorted([*(str(number) for number in range(100)), "big"])


def test_a_quiet_connection_is_not_taken_for_a_stalled_one(
    secured: tuple[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """TLS has messages of its own, which wake a reader and bring it nothing."""
    monkeypatch.setattr("umbel.broker.wire.STALL_S", 0.2)
    url, trusts = secured
    app = celery_app(url, broker_use_ssl=trusts, event_exchange=f"ev-{uuid4().hex}")
    with source_of(app) as source:
        quiet_until = time.monotonic() + 1
        wait_until(lambda: source.read(0.1) or time.monotonic() > quiet_until)
        say(app, "a")

        assert [event.uuid for event in events_in(take(source, 1))] == ["a"]
        assert source.health().reconnections == 0


def test_tasks_are_sent_and_queues_purged_over_tls_and_nothing_stays_open(
    secured: tuple[str, Any],
) -> None:
    url, trusts = secured
    queue = f"tls-{uuid4().hex}"
    with celery_app(url, broker_use_ssl=trusts).connection_for_write() as connection:
        connection.default_channel.queue_declare(queue)
    with cluster_at(url, broker_use_ssl=trusts) as cluster:
        cluster.send([signature("add", 1, 2, queue=queue)])
        (depth,) = cluster.depths([queue])
        removed = cluster.purge(queue)

        assert cluster.ask("ping", timeout_s=0.3) == ()
        assert (depth.ready, removed) == (1, 1)


def test_a_certificate_that_is_not_trusted_is_told(secured: tuple[str, Any]) -> None:
    url, trusts = secured
    distrusts = {key: value for key, value in trusts.items() if "ca_certs" not in key}
    app = celery_app(url, broker_use_ssl=distrusts)

    with pytest.raises(BrokerRefused, match="TLS"):
        check(link_to_app(app))


def test_the_stream_of_events_is_read_over_tls(
    redis_url: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_watch, "KNOWN_AFTER_S", 0.3)
    trusts = {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_ca_certs": f"{certificate}.crt"}
    for url, use in _behind_tls(redis_url, "rediss", certificate, trusts):
        assert_nothing_is_missed(streaming(url, broker_use_ssl=use))
