"""The one list of settings, and how it is shown."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from umbel.settings import SETTINGS, Setting, Settings, load_settings, show, value_of


def test_every_setting_has_a_meaning_that_is_one_sentence() -> None:
    for entry in SETTINGS:
        assert entry.meaning.endswith("."), entry.name
        assert entry.meaning[0].isupper(), entry.name


def test_no_two_settings_share_a_name() -> None:
    for names in ("name", "env", "flag"):
        found = [getattr(entry, names) for entry in SETTINGS]
        assert len(found) == len(set(found))


def test_names_follow_from_the_place_in_the_tree() -> None:
    entry = next(entry for entry in SETTINGS if entry.name == "retention.max_age")

    assert entry.env == "UMBEL_RETENTION_MAX_AGE"
    assert entry.flag == "--retention-max-age"


def test_every_default_is_what_its_kind_shows() -> None:
    for entry in SETTINGS:
        if entry.default is not None:
            value = entry.kind.parse(entry.default)
            assert entry.kind.parse(entry.kind.show(value)) == value, entry.name


def test_a_value_is_found_by_its_path() -> None:
    settings = replace(Settings(), port=1)
    port = next(entry for entry in SETTINGS if entry.name == "port")

    assert value_of(settings, port) == 1


def test_passwords_are_masked_wherever_settings_are_shown(tmp_path: Path) -> None:
    line = {"broker": "amqp://user:hunter2@broker//", "result_backend": "redis://:hunter2@r/0"}
    loaded = load_settings(line, {"HOME": str(tmp_path)}, tmp_path)

    for shown in (show.as_text(loaded), show.as_json(loaded)):
        assert "hunter2" not in shown
        assert "amqp://***@broker" in shown


def test_providers_are_shown_without_their_secret(tmp_path: Path) -> None:
    table = {
        "client_id": "umbel",
        "client_secret": "hunter2",
        "issuer": "https://u:hunter2@o.org/a",
    }
    line = {"auth.providers": {"okta": table}, "auth.rules": [{"role": "viewer"}]}
    loaded = load_settings(line, {"HOME": str(tmp_path)}, tmp_path)

    shown = {each["name"]: each["value"] for each in json.loads(show.as_json(loaded))}

    assert json.loads(shown["auth.providers"]) == {
        "okta": {
            "kind": "okta",
            "client_id": "umbel",
            "client_secret": "***",
            "issuer": "https://***@o.org/a",
        }
    }
    assert json.loads(shown["auth.rules"]) == [{"role": "viewer"}]
    assert "hunter2" not in show.as_text(loaded)


def test_the_list_tells_value_origin_and_meaning(tmp_path: Path) -> None:
    loaded = load_settings({"port": "8000"}, {"HOME": str(tmp_path)}, tmp_path)

    text = show.as_text(loaded)

    assert "port = 8000    [command line]\n    The port to listen on.\n" in text
    assert "--port UMBEL_PORT" in text
    assert all(entry.name in text for entry in SETTINGS)


def test_json_has_every_setting_with_the_same_keys(tmp_path: Path) -> None:
    loaded = load_settings({}, {"HOME": str(tmp_path)}, tmp_path)

    listed = json.loads(show.as_json(loaded))

    assert [each["name"] for each in listed] == [entry.name for entry in SETTINGS]
    keys = {"cluster", "name", "value", "origin", "default", "meaning", "flag", "env"}
    assert all(set(each) == keys for each in listed)


def test_a_secret_is_never_shown(tmp_path: Path) -> None:
    loaded = load_settings({"log_format": "json"}, {"HOME": str(tmp_path)}, tmp_path)
    entry = next(entry for entry in SETTINGS if entry.name == "log_format")
    hidden: Setting = replace(entry, secret=True)

    assert show.shown_value(loaded.settings, loaded.origins, hidden) == "***"
