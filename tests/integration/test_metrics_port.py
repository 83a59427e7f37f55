"""`umbel serve` with a port for metrics: what Prometheus reads there, of a real server."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.support.brokers import free_port
from tests.support.exposition import parsed
from tests.support.umbels import umbel_serve


def test_a_server_listens_at_the_port_of_metrics_too(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with umbel_serve("memory://", tmp_path / "data", "--metrics-port", str(port), live=False):
        metrics, page = httpx.get(f"{url}/metrics"), httpx.get(url)

    assert "umbel_info" in parsed(metrics.text)
    assert page.status_code == 404
