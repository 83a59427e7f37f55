"""Which backends can be read, and what is said of those that cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from celery import Celery

from umbel.errors import ResultsUnavailable
from umbel.results.base import ResultBackend
from umbel.results.opening import open_results

CALLS: list[Callable[[ResultBackend], object]] = [
    lambda results: results.get("t"),
    lambda results: list(results.get_many(["t"])),
    lambda results: results.wait("t", 30),
    lambda results: results.abort("t"),
]


def results_of(backend: str | None, **conf: Any) -> ResultBackend:
    app = Celery("t", backend=backend, set_as_current=False)
    app.conf.update(conf)
    return open_results(app)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("backend", "why"),
    [
        (None, "No result backend is known"),
        ("disabled://", "No result backend is known"),
        ("rpc://", "to the client that sent the task"),
        ("cache+memory://", "in the memory of each process"),
        ("nonsense://user:s3cret@host", "cannot be used"),
    ],
)
def test_a_backend_that_cannot_be_read_says_why_in_every_call(
    backend: str | None, why: str, call: Callable[[ResultBackend], object]
) -> None:
    results = results_of(backend)

    with pytest.raises(ResultsUnavailable, match=why) as refused:
        call(results)

    assert refused.value.remedy
    assert not refused.value.retriable
    assert "s3cret" not in str(refused.value)
    results.close()


@pytest.mark.parametrize(
    ("backend", "conf", "shown"),
    [
        ("redis://user:s3cret@host:6379/0", {}, "redis://***@host:6379/0"),
        (
            "sentinel://:s3cret@a:1/0;sentinel://:s3cret@b:2/0",
            {},
            "sentinel://***@a:1/0;sentinel://***@b:2/0",
        ),
        ("redis", {"redis_host": "host", "redis_password": "s3cret"}, "redis://host:6379/0"),
        ("redis://host/0?password=s3cret", {}, "redis://host/0?password=***"),
        ("db+postgresql://u:s3@cret@host/db", {}, "db+postgresql://***@host/db"),
        (
            "azureblockblob://AccountName=a;AccountKey=s3cret;Suffix=b",
            {},
            "azureblockblob://***",
        ),
        (None, {}, "disabled://"),
    ],
)
def test_the_address_is_shown_without_secrets(
    backend: str | None, conf: dict[str, Any], shown: str
) -> None:
    results = results_of(backend, **conf)

    assert results.url == shown
    results.close()
