"""How settings become a broker, and who may come in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from umbel.app import make_directory
from umbel.composition import broker_link, make_store, open_services
from umbel.errors import BrokerRefused, SettingsError
from umbel.services.cluster_services import ClusterServices
from umbel.settings import LoadedSettings, load_settings
from umbel.settings.tree import Settings
from umbel.web_composition import web_access

SHOP = """
from celery import Celery
app = Celery("shop", broker="amqp://guest:secret@rabbit//")
app.conf.broker_transport_options = {"visibility_timeout": 43200}
app.conf.event_exchange = "shopev"
"""


def settings(tmp_path: Path, **line: object) -> Settings:
    return load_settings(line, {"HOME": str(tmp_path)}, tmp_path).settings


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of an importable application."""
    (tmp_path / "shop_of_test_app.py").write_text(SHOP)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "shop_of_test_app", raising=False)
    return "shop_of_test_app:app"


def test_an_address_alone_is_enough(tmp_path: Path) -> None:
    link = broker_link(settings(tmp_path, broker="redis://:secret@cache/3"))

    assert link.transport == "redis"
    assert link.url == "redis://***@cache:6379/3"


def test_options_of_the_transport_need_no_application(tmp_path: Path) -> None:
    options = ("master_name=shop", 'sentinel_kwargs={"password": "p,q", "db": 1}')
    sentinel = settings(tmp_path, broker="sentinel://watch:26379/0", broker_option=options)

    assert broker_link(sentinel).template.transport_options == {
        "master_name": "shop",
        "sentinel_kwargs": {"password": "p,q", "db": 1},
    }


def test_options_of_the_transport_are_added_to_the_applications(tmp_path: Path, shop: str) -> None:
    link = broker_link(settings(tmp_path, app=shop, broker_option="read_timeout=5,client=a"))

    assert link.template.transport_options == {
        "visibility_timeout": 43200,
        "read_timeout": 5,
        "client": "a",
    }


def test_an_application_says_where_and_how(tmp_path: Path, shop: str) -> None:
    link = broker_link(settings(tmp_path, app=shop))

    assert link.url == "amqp://***@rabbit:5672//"
    assert link.template.transport_options == {"visibility_timeout": 43200}
    assert link.exchange == "shopev"


def test_an_address_beside_an_application_changes_where_not_how(tmp_path: Path, shop: str) -> None:
    link = broker_link(settings(tmp_path, app=shop, broker="redis://cache/1"))

    assert link.url == "redis://cache:6379/1"
    assert link.template.transport_options == {"visibility_timeout": 43200}
    assert link.exchange == "shopev"


def test_the_queue_of_events_is_as_the_settings_say(tmp_path: Path) -> None:
    line = {
        "broker": "amqp://rabbit//",
        "collector.queue": "mine",
        "collector.queue_type": "quorum",
        "collector.queue_ttl": "1h",
        "collector.queue_max_size": "1GB",
    }

    queue = broker_link(settings(tmp_path, **line)).queue

    assert queue.name == "mine"
    assert queue.arguments() == {
        "x-queue-type": "quorum",
        "x-max-length-bytes": 10**9,
        "x-message-ttl": 3_600_000,
        "x-expires": 3 * 86_400_000,
    }


def test_a_broker_of_no_known_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokerRefused, match="teapot"):
        broker_link(settings(tmp_path, broker="teapot://kitchen"))


def test_an_application_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no_such_shop cannot be imported"):
        broker_link(settings(tmp_path, app="no_such_shop"))


TWO = """
[auth]
users = ["ana:admin:pw"]
[clusters.shop]
broker = "redis://shop/0"
[clusters.mail]
broker = "redis://mail/0"
"""


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[LoadedSettings, dict[str, ClusterServices]]]:
    """The settings and services of two clusters, the first of which has a damaged ledger."""
    (tmp_path / "umbel.toml").write_text(TWO)
    environ = {"HOME": str(tmp_path), "UMBEL_DATA": str(tmp_path / "data")}
    loaded = load_settings({}, environ, tmp_path)
    clusters = {}
    for name, cluster in loaded.clusters.items():
        make_directory(cluster.settings)
        make_store(cluster.settings)
        clusters[name] = open_services(cluster.settings, name=name)
    (tmp_path / "data" / "shop" / "umbel-ledger.db").write_bytes(b"no database " * 1_000)
    yield loaded, clusters
    for services in clusters.values():
        services.close()


def test_logins_are_kept_by_the_next_cluster_while_the_first_has_a_damaged_ledger(
    two: tuple[LoadedSettings, dict[str, ClusterServices]],
) -> None:
    access, _ = web_access(*two)

    begun = access.sessions.begin("ana", "stamp")
    session = access.sessions.read(begun)
    assert session is not None
    access.sessions.end(session)

    again, _ = web_access(*two)
    assert again.sessions.cookie == access.sessions.cookie
    assert again.sessions.read(begun) is None
