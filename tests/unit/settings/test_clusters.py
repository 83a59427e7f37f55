"""Several clusters in one settings file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from umbel.errors import SettingsError
from umbel.settings import LoadedSettings, check_serving, load_settings, show
from umbel.settings.clusters import RESERVED
from umbel.store.sqlite.files import damage

TWO = """
inspect_timeout = "3s"
[auth]
users = ["ann:admin:pw"]
[clusters.shop]
broker = "redis://shop/0"
label = "Web shop"
colour = "red"
[clusters.shop.roles]
ann = "viewer"
[clusters.mail]
broker = "amqp://mail//"
inspect_timeout = "1s"
retention.max_age = "7d"
"""
ONE = """
[clusters.shop]
broker = "redis://shop/0"
result_backend = "redis://:secret@shop/1"
"""


def load(tmp_path: Path, text: str = TWO, **line: object) -> LoadedSettings:
    (tmp_path / "umbel.toml").write_text(text)
    environ = {"HOME": str(tmp_path), "UMBEL_DATA": str(tmp_path / "data")}
    return load_settings(line, environ, tmp_path)


def refusal(tmp_path: Path, text: str, **line: object) -> str:
    with pytest.raises(SettingsError) as caught:
        check_serving(load(tmp_path, text, **line))
    return str(caught.value)


ALERTS = """
[alerts.notifiers.oncall]
kind = "webhook"
url = "https://hooks.example.com/all"
[alerts.rules.fails]
rule = "failures > 3"
notify = "oncall"
[alerts.rules.critical]
rule = "any critical finding"
[clusters.shop]
broker = "redis://shop/0"
[clusters.shop.alerts.notifiers.shopkeeper]
kind = "webhook"
url = "https://hooks.example.com/shop"
[clusters.shop.alerts.rules.critical]
rule = "any critical finding"
enabled = false
[clusters.shop.alerts.rules.silent]
rule = "any worker silent for 5 min"
notify = ["oncall", "shopkeeper"]
[clusters.mail]
broker = "amqp://mail//"
"""


def test_rules_and_notifiers_of_a_cluster_stand_beside_those_for_all(tmp_path: Path) -> None:
    found = load(tmp_path, ALERTS)
    check_serving(found)
    shop, mail = found.clusters.values()

    rules = {each.name: each.enabled for each in shop.settings.alerts.rules}
    assert rules == {"fails": True, "critical": False, "silent": True}
    assert [each.name for each in shop.settings.alerts.notifiers] == ["oncall", "shopkeeper"]
    assert {each.name: each.enabled for each in mail.settings.alerts.rules} == {
        "fails": True, "critical": True,
    }  # fmt: skip
    assert [each.name for each in mail.settings.alerts.notifiers] == ["oncall"]
    assert shop.origins["alerts.rules"] == str(tmp_path / "umbel.toml")


def test_each_cluster_has_its_own_and_what_is_for_all(tmp_path: Path) -> None:
    shop, mail = load(tmp_path).clusters.values()

    assert (shop.name, shop.settings.broker) == ("shop", "redis://shop/0")
    assert (shop.settings.label, shop.roles) == ("Web shop", {"ann": "viewer"})
    assert (shop.settings.colour, mail.settings.colour) == ("red", None)
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
        ('[clusters.damaged]\nbroker = "redis://a/0"', "cannot be named damaged"),
        (
            '[clusters.a]\nbroker = "redis://a/0"\ndata = "/x/y"\n'
            '[clusters.b]\nbroker = "redis://b/0"\ndata = "/x/y/damaged/b"',
            "in a folder that the history of a makes for itself",
        ),
    ],
)
def test_what_is_wrong_is_said_with_what_is_right(
    tmp_path: Path, table: str, sentence: str
) -> None:
    assert sentence in refusal(tmp_path, table)


def test_folders_of_a_history_are_no_names_of_clusters() -> None:
    assert damage.FOLDER in RESERVED


def test_a_broker_beside_several_clusters_is_of_none(tmp_path: Path) -> None:
    said = refusal(tmp_path, TWO, broker="redis://other/0")

    assert "broker (command line) is of one cluster" in said
    assert "--cluster" in said


def test_the_command_line_goes_before_the_table_of_the_one_cluster(tmp_path: Path) -> None:
    line = {"broker": "redis://other/0", "app": "other:app", "label": "Other"}

    only = load(tmp_path, ONE, **line)
    chosen = load(tmp_path, TWO, cluster="shop", **line)

    for loaded in (only, chosen):
        found = loaded.one
        assert (found.broker, found.app, found.label) == (*line.values(),)
        assert loaded.origins["broker"] == "command line"
    assert only.one.result_backend == "redis://:secret@shop/1"


def test_a_variable_goes_before_the_table_of_the_one_cluster(tmp_path: Path) -> None:
    (tmp_path / "umbel.toml").write_text(ONE)
    environ = {"HOME": str(tmp_path), "UMBEL_BROKER": "redis://other/0"}

    assert load_settings({}, environ, tmp_path).one.broker == "redis://other/0"


def test_what_the_command_line_says_for_all_holds_in_every_table(tmp_path: Path) -> None:
    loaded = load(tmp_path, **{"retention.max_age": "1d"})

    assert [each.settings.retention.max_age for each in loaded.clusters.values()] == [86_400] * 2


def test_a_data_directory_that_no_cluster_would_have_is_refused(tmp_path: Path) -> None:
    own = ONE + f'data = "{tmp_path}/elsewhere"\n'

    said = refusal(tmp_path, own, data=str(tmp_path / "here"))

    assert "--data would be the directory of no cluster: shop has its own" in said
    assert load(tmp_path, own).one.data == tmp_path / "elsewhere"


def test_a_cluster_without_a_table_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, "", broker="redis://shop/0", cluster="shop")

    assert said == "There is no cluster shop. The settings have no [clusters.NAME]."
    assert load(tmp_path, "", broker="redis://shop/0", cluster="default").one.broker


def test_each_table_is_printed_with_masked_secrets(tmp_path: Path) -> None:
    loaded = load(tmp_path, TWO.replace("redis://shop/0", "redis://:hunter2@shop/0"))
    file = tmp_path / "umbel.toml"

    text = show.as_text(loaded)
    objects = json.loads(show.as_json(loaded))

    shop, mail = text.split("\n[clusters.")[1:]
    assert f"broker = redis://***@shop/0    [clusters.shop in {file}]\n" in shop
    assert f"data = {tmp_path}/data/shop    [UMBEL_DATA]\n" in shop
    assert "roles.ann = viewer\n" in shop
    assert f"retention.max_age = 1w    [clusters.mail in {file}]\n" in mail
    assert "max_age" not in shop
    found = {(each["cluster"], each["name"]): each["value"] for each in objects}
    assert found["shop", "broker"] == "redis://***@shop/0"
    assert (found["mail", "inspect_timeout"], found[None, "inspect_timeout"]) == ("1s", "3s")
    assert found["shop", "roles.ann"] == "viewer"
    assert "hunter2" not in text + json.dumps(objects)


def test_of_one_table_every_setting_says_so(tmp_path: Path) -> None:
    loaded = load(tmp_path, ONE)

    assert loaded.origins["broker"] == f"clusters.shop in {tmp_path / 'umbel.toml'}"
    assert "[clusters.shop]\n" in show.as_text(loaded)


def test_without_tables_none_are_printed(tmp_path: Path) -> None:
    loaded = load(tmp_path, "", broker="redis://shop/0")

    assert "[clusters." not in show.as_text(loaded)
