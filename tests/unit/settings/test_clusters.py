"""Several clusters in one settings file."""

from __future__ import annotations

from pathlib import Path

import pytest

from umbel.errors import SettingsError
from umbel.settings import Loaded, check_serving, load_settings

TWO = """
inspect_timeout = "3s"
[auth]
users = ["ann:admin:pw"]
[clusters.shop]
broker = "redis://shop/0"
label = "Web shop"
[clusters.shop.roles]
ann = "viewer"
[clusters.mail]
broker = "amqp://mail//"
inspect_timeout = "1s"
retention.max_age = "7d"
"""


def load(tmp_path: Path, text: str = TWO, **line: object) -> Loaded:
    (tmp_path / "umbel.toml").write_text(text)
    given = {"data": str(tmp_path / "data"), **line}
    return load_settings(given, {"HOME": str(tmp_path)}, tmp_path)


def refusal(tmp_path: Path, text: str, **line: object) -> str:
    with pytest.raises(SettingsError) as caught:
        check_serving(load(tmp_path, text, **line))
    return str(caught.value)


def test_each_cluster_has_its_own_and_what_is_for_all(tmp_path: Path) -> None:
    shop, mail = load(tmp_path).clusters.values()

    assert (shop.name, shop.settings.broker) == ("shop", "redis://shop/0")
    assert (shop.settings.label, shop.roles) == ("Web shop", {"ann": "viewer"})
    assert (shop.settings.inspect_timeout, mail.settings.inspect_timeout) == (3.0, 1.0)
    assert mail.settings.retention.max_age == 7 * 86_400
    assert mail.roles is None
    assert [each.settings.data for each in (shop, mail)] == [
        tmp_path / "data" / "shop",
        tmp_path / "data" / "mail",
    ]
    check_serving(load(tmp_path))


def test_a_command_names_the_one_that_it_is_about(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"several clusters: shop, mail.* --cluster"):
        _ = load(tmp_path).one

    assert load(tmp_path, cluster="mail").one.broker == "amqp://mail//"
    assert "Did you mean mail?" in refusal(tmp_path, TWO, cluster="mial")


def test_without_tables_there_is_one_cluster(tmp_path: Path) -> None:
    loaded = load(tmp_path, "", broker="redis://shop/0")

    assert list(loaded.clusters) == ["default"]
    assert loaded.one.broker == "redis://shop/0"


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ('[clusters.shop]\nbroke = "redis://a/0"', "Did you mean broker?"),
        ("[clusters.shop]\nport = 1", "port is for the whole server"),
        ('[clusters."Web Shop"]\nbroker = "redis://a/0"', "cannot be named 'Web Shop'"),
        ('[clusters.shop]\nbroker = "redis://a/0"\nroles = ["ann"]', "table of names with roles"),
        ("clusters = 3", "must be tables"),
        ("[clusters.shop]\nlabel = 'Shop'", "No broker is named"),
        (
            '[auth]\nusers = ["ann:admin:pw"]\n[clusters.shop]\nbroker = "redis://a/0"\n'
            '[clusters.shop.roles]\nanne = "viewer"',
            "Did you mean ann?",
        ),
        ('[clusters.a]\nbroker = "redis://a/0"\n[clusters.a.roles]', "and nobody logs in"),
        (
            '[clusters.a]\nbroker = "redis://a/0"\ndata = "/x/y"\n'
            '[clusters.b]\nbroker = "redis://b/0"\ndata = "/x/y"',
            "same data directory",
        ),
    ],
)
def test_what_is_wrong_is_said_with_what_is_right(
    tmp_path: Path, table: str, sentence: str
) -> None:
    assert sentence in refusal(tmp_path, table)


def test_a_broker_beside_several_clusters_is_of_none(tmp_path: Path) -> None:
    said = refusal(tmp_path, TWO, broker="redis://other/0")

    assert "broker (command line) is of one cluster" in said
    assert load(tmp_path, broker="redis://other/0", cluster="shop").one.broker == "redis://shop/0"
