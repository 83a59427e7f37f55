"""RabbitMQ's management API that answers a byte at a time costs its figures and nothing else."""

from __future__ import annotations

import time

from tests.support.dripping import dripping
from umbel.broker.management import Management


def test_who_answers_a_byte_at_a_time_is_not_waited_for() -> None:
    with dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n") as port:
        management = Management(f"http://127.0.0.1:{port}", "ann", "secret")
        began = time.monotonic()

        assert management.queues("/", ["mail"]) == {}
        assert management.objects("/", ["mail"]) == {}
        assert management.names("/") == ()
        assert management.bindings("/", "orders") is None
        took_s = time.monotonic() - began

        assert "took too long" in str(management.trouble) or "within 1 s" in str(management.trouble)
        management.close()
    assert took_s < 8


def test_what_is_no_http_costs_nothing_else_either() -> None:
    with dripping(b"HTTP/1.1 what\r\n\r\n") as port:
        management = Management(f"http://127.0.0.1:{port}", "ann", "secret")

        assert management.queues("/", ["mail"]) == {}
        assert "no HTTP" in str(management.trouble)
        management.close()
