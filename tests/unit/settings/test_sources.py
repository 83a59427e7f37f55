"""Where settings come from, and what is said of wrong ones."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from umbel.errors import SettingsError
from umbel.settings import LoadedSettings, load_settings
from umbel.settings.child_environment import as_environment
from umbel.settings.paths import config_files, data_directory


def loaded(
    tmp_path: Path,
    *,
    line: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    file: str | None = None,
) -> LoadedSettings:
    """Settings of a person whose home and current directory are `tmp_path`."""
    if file is not None:
        (tmp_path / "umbel.toml").write_text(file, encoding="utf-8")
    return load_settings(line or {}, {"HOME": str(tmp_path)} | dict(environ or {}), tmp_path)


def refusal(tmp_path: Path, **sources: object) -> str:
    """The sentence with which these sources are refused."""
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, **sources)  # type: ignore[arg-type]
    return str(caught.value)


def test_a_file_that_begins_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    assert loaded(tmp_path, file="\ufeffport = 8888\n").settings.port == 8888


def test_without_any_source_everything_has_its_default(tmp_path: Path) -> None:
    found = loaded(tmp_path)

    assert found.settings.port == 5555
    assert found.settings.address == "127.0.0.1"
    assert found.settings.retention.max_age == 30 * 86400
    assert set(found.origins.values()) == {"default"}


def test_the_command_line_decides_before_the_environment_and_that_before_the_file(
    tmp_path: Path,
) -> None:
    file = "port = 1111\naddress = '::1'\nurl_prefix = '/in-file'"
    environ = {"UMBEL_PORT": "2222", "UMBEL_ADDRESS": "localhost"}

    found = loaded(tmp_path, line={"port": "3333"}, environ=environ, file=file)

    assert (found.settings.port, found.origins["port"]) == (3333, "command line")
    assert (found.settings.address, found.origins["address"]) == ("localhost", "UMBEL_ADDRESS")
    assert found.settings.url_prefix == "/in-file"
    assert found.origins["url_prefix"] == str(tmp_path / "umbel.toml")


def test_a_section_of_the_file_has_the_names_of_its_settings(tmp_path: Path) -> None:
    file = "[retention]\nmax_age = '12h'\nmax_tasks = 5_000_000\n[collector]\nbuffer = '64MB'"

    found = loaded(tmp_path, file=file).settings

    assert found.retention.max_age == 12 * 3600
    assert found.retention.max_tasks == 5_000_000
    assert found.collector.buffer == 64_000_000


def test_an_empty_variable_is_as_good_as_none(tmp_path: Path) -> None:
    assert loaded(tmp_path, environ={"UMBEL_PORT": ""}).origins["port"] == "default"


def test_the_file_may_be_named_by_the_environment(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("port = 4444")

    assert loaded(tmp_path, environ={"UMBEL_CONFIG": str(other)}).settings.port == 4444


def test_no_file_is_read_when_none_is_asked_for(tmp_path: Path) -> None:
    found = loaded(tmp_path, line={"config": "none"}, file="port = 1111")

    assert found.settings.port == 5555


def test_a_named_file_that_does_not_exist_is_told(tmp_path: Path) -> None:
    assert "nowhere.toml (command line) does not exist" in refusal(
        tmp_path, line={"config": str(tmp_path / "nowhere.toml")}
    )


def test_a_file_that_is_not_toml_is_told_with_the_line(tmp_path: Path) -> None:
    assert "is not TOML" in refusal(tmp_path, file="port = = 3")
    assert "line 1" in refusal(tmp_path, file="port = = 3")


@pytest.mark.parametrize(
    ("sources", "wrong", "right"),
    [
        ({"environ": {"UMBEL_PROT": "1"}}, "UMBEL_PROT", "UMBEL_PORT"),
        ({"environ": {"UMBEL_BROKER_URL": "x"}}, "UMBEL_BROKER_URL", "UMBEL_BROKER"),
        ({"environ": {"UMBEL_DATA_DIR": "x"}}, "UMBEL_DATA_DIR", "UMBEL_DATA"),
        ({"environ": {"UMBEL_MAX_AGE": "x"}}, "UMBEL_MAX_AGE", "UMBEL_RETENTION_MAX_AGE"),
        ({"file": "prot = 1"}, "prot", "port"),
        ({"file": "[retention]\nmax_aeg = '1d'"}, "retention.max_aeg", "retention.max_age"),
        ({"file": "[retentoin]\nmax_age = '1d'"}, "retentoin", "retention.max_age"),
    ],
)
def test_a_wrong_name_is_told_with_the_nearest_right_one(
    tmp_path: Path, sources: dict[str, object], wrong: str, right: str
) -> None:
    sentence = refusal(tmp_path, **sources)

    assert wrong in sentence
    assert f"Did you mean {right}?" in sentence


def test_a_wrong_value_is_told_with_its_source_and_what_would_be_right(tmp_path: Path) -> None:
    assert refusal(tmp_path, environ={"UMBEL_PORT": "abc"}) == (
        "UMBEL_PORT cannot be 'abc': it must be a whole number from 1 to 65535, or 0 for any "
        "free port."
    )
    assert refusal(tmp_path, line={"retention.max_age": "30"}).startswith(
        "--retention-max-age cannot be '30'"
    )
    assert "in " + str(tmp_path / "umbel.toml") in refusal(tmp_path, file="port = 70000")


def test_the_password_in_a_wrong_value_is_not_shown(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, environ={"UMBEL_PORT": "redis://:hunter2@broker/0"})

    assert "hunter2" not in sentence


@pytest.mark.parametrize(
    "variable", ["UMBEL_TAG", "UMBEL_IMAGE", "UMBEL_VERSION", "UMBEL_REPLICAS"]
)
def test_a_variable_of_somebody_else_is_told_and_passed_over(tmp_path: Path, variable: str) -> None:
    found = loaded(tmp_path, environ={variable: "1.2", "UMBEL_PORT": "1234"})

    assert found.settings.port == 1234
    assert [notice.sentence for notice in found.notices] == [
        f"The environment variable {variable} is no setting of Umbel and is passed over."
    ]


def test_what_kubernetes_adds_for_a_service_called_umbel_is_passed_over(tmp_path: Path) -> None:
    environ = {
        "UMBEL_PORT": "tcp://10.0.171.239:5555",
        "UMBEL_SERVICE_HOST": "10.0.171.239",
        "UMBEL_SERVICE_PORT": "5555",
        "UMBEL_SERVICE_PORT_HTTP": "5555",
        "UMBEL_PORT_5555_TCP": "tcp://10.0.171.239:5555",
        "UMBEL_PORT_5555_TCP_ADDR": "10.0.171.239",
    }

    assert loaded(tmp_path, environ=environ).settings.port == 5555


def test_a_process_of_ours_gets_the_same_settings_by_its_environment(tmp_path: Path) -> None:
    line = {
        "broker": "redis://:secret@broker/0",
        "retention.max_age": "none",
        "retention.max_size": "1GiB",
        "trusted_proxies": "10.0.0.0/8,::1",
        "collect": False,
        "collector.batch_interval": "250ms",
    }
    mine = loaded(tmp_path, line=line, environ={"UMBEL_PORT": "1234", "PATH": "/bin"})

    environ = as_environment(mine.settings, {"PATH": "/bin", "UMBEL_LOG_LEVEL": "debug"})
    theirs = load_settings({}, environ, tmp_path)

    assert theirs.settings == mine.settings
    assert environ["PATH"] == "/bin"


def test_a_relative_path_is_meant_from_where_it_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert loaded(tmp_path, line={"data": "history"}).settings.data == tmp_path / "history"


def test_no_file_of_the_other_process_changes_what_was_handed_over(tmp_path: Path) -> None:
    mine = loaded(tmp_path)
    (tmp_path / "umbel.toml").write_text("app = 'other:app'")

    theirs = load_settings({}, as_environment(mine.settings, {}), tmp_path)

    assert theirs.settings.app is None


def test_places_follow_the_platform() -> None:
    environ = {"HOME": "/home/ada"}
    library = Path("/home/ada/Library/Application Support/Umbel")

    assert data_directory(environ, "linux") == Path("/home/ada/.local/share/umbel")
    assert data_directory(environ | {"XDG_DATA_HOME": "/data"}, "linux") == Path("/data/umbel")
    assert data_directory(environ | {"XDG_DATA_HOME": "rel"}, "linux") == Path(
        "/home/ada/.local/share/umbel"
    )
    assert data_directory(environ, "darwin") == library
    assert config_files(environ, Path("/work"), "linux") == (
        Path("/work/umbel.toml"),
        Path("/home/ada/.config/umbel/umbel.toml"),
    )
    assert config_files(environ, Path("/work"), "darwin")[1] == library / "umbel.toml"


def test_a_user_whom_the_machine_does_not_know_has_the_root_directory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 54_321)

    assert data_directory({}, "linux") == Path("/.local/share/umbel")
