"""Addresses that cannot work are told before anything is tried."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from umbel.broker.link import check_url, link_to_app, link_to_cluster, link_to_url
from umbel.errors import BrokerMisconfigured
from umbel.store.opening import open_store


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


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("raise ImportError('it is half installed')", "it is half installed"),
        ("client = None", "its parts do not fit together. It was found in"),
    ],
)
def test_a_library_that_is_broken_or_hidden_by_a_file_of_its_name_is_told(
    source: str, why: str, tmp_path: Path
) -> None:
    """In a process of its own, since the right library is loaded in this one."""
    (tmp_path / "redis.py").write_text(source)
    open_store(tmp_path / "data", write=True).close()

    ended = subprocess.run(
        [sys.executable, "-m", "umbel", "queues", "-b", "redis://127.0.0.1:1/0",
         "--data", str(tmp_path / "data"), "--config", "none"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    assert ended.returncode == 2
    assert ended.stderr.startswith("umbel: The library redis, which brokers of the kind redis://")
    assert why in ended.stderr
    assert "--force-reinstall 'umbel[redis]'" in ended.stderr


def test_a_command_is_held_to_the_same_as_a_server() -> None:
    with pytest.raises(BrokerMisconfigured, match="databases of Redis have numbers"):
        link_to_cluster(Celery(broker="redis://host:6379/abc", set_as_current=False))
