"""Addresses that cannot work are told before anything is tried."""

from __future__ import annotations

from typing import Any

import pytest
from celery import Celery

from umbel.broker.link import check_url, link_to_app, link_to_url
from umbel.errors import BrokerMisconfigured


@pytest.mark.parametrize(
    ("url", "sign", "written"),
    [
        ("redis://u:p[ss@host/0", "[", "%5B"),
        ("redis://u:p]ss@host/0", "]", "%5D"),
        ("redis://:pa#ss@host/0", "#", "%23"),
        ("redis://:12#ss@host/0", "#", "%23"),
        ("amqp://u:pa/ss@host/v", "/", "%2F"),
        ("amqp://u:pa?ss@host/v", "?", "%3F"),
        ("amqp://fine//;amqp://u:pa?ss@host/v", "?", "%3F"),
    ],
)
def test_a_password_that_must_be_encoded_is_told_without_any_of_it(
    url: str, sign: str, written: str
) -> None:
    with pytest.raises(BrokerMisconfigured) as refused:
        link_to_url(url)

    recent = str(refused.value)
    assert f"holds the sign {sign}" in recent
    assert f"write {written} for {sign}" in recent
    assert "ss" not in recent.replace("password", "")


@pytest.mark.parametrize(
    "url",
    [
        "amqp://guest:guest@host//",
        "amqp://host/v@host",
        "amqp://host:5672/v@host",
        "redis://:p%5Bss%23@host:6379/3",
        "redis://:p@ss@host:6379/3",
        "redis://[::1]:6379/3",
        "rediss://host/0?ssl_cert_reqs=required",
        "redis+socket:///var/run/redis.sock",
        "memory://",
        "amqp://host//?heartbeat=10",
        "redis+socket:///run/redis.sock",
        "redis+socket://:pw@/run/redis.sock?virtual_host=3",
    ],
)
def test_addresses_that_work_are_let_through(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize("url", ["redis://host/notadb", "rediss://u:p@host:1/a/b"])
def test_a_redis_database_is_a_number(url: str) -> None:
    with pytest.raises(BrokerMisconfigured, match="databases of Redis have numbers"):
        link_to_url(url)


def test_a_parameter_that_nothing_reads_is_told_by_name() -> None:
    with pytest.raises(BrokerMisconfigured, match="the parameter foo, which nothing reads"):
        link_to_url("redis://host/0?foo=bar")


def test_sentinel_needs_the_name_of_its_master() -> None:
    with pytest.raises(BrokerMisconfigured, match="--broker-option master_name=NAME"):
        link_to_url("sentinel://host:26379/0")

    link_to_url("sentinel://host:26379/0", transport_options={"master_name": "shop"})
    check_url("sentinel://host:26379/0")  # an application may say it


def test_an_application_is_held_to_the_same() -> None:
    with pytest.raises(BrokerMisconfigured, match="master_name"):
        link_to_app(Celery(broker="sentinel://host:26379/0", set_as_current=False))
    with pytest.raises(BrokerMisconfigured, match="Percent-encode it"):
        link_to_app(Celery(broker="amqp://u:pa/ss@host/v", set_as_current=False))


@pytest.mark.parametrize(
    ("url", "extra"), [("redis://host", "umbel"), ("mongodb://host/a", "kombu")]
)
def test_a_library_that_is_not_there_is_told_with_the_line_that_brings_it(
    url: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(_name: str) -> Any:
        return None

    monkeypatch.setattr("importlib.util.find_spec", absent)
    name = url.partition(":")[0]

    with pytest.raises(BrokerMisconfigured, match=rf"pip install '{extra}\[{name}\]'"):
        check_url(url)
