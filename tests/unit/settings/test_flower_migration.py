"""Flower's options as a file for Umbel."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path

import pytest

from umbel.errors import SettingsError
from umbel.settings import load_settings
from umbel.settings.flower_migration import as_toml
from umbel.settings.flower_sources import from_arguments, options_of_flower


def migrated(tmp_path: Path, line: str = "", **environ: str) -> str:
    _, flower = from_arguments(shlex.split(line), beside=False)
    return as_toml(
        options_of_flower(flower, environ, tmp_path, {tmp_path.stat().st_uid}, files=True)
    )


def test_the_file_says_to_umbel_what_flower_was_told(tmp_path: Path) -> None:
    (tmp_path / "flowerconfig.py").write_text(
        "basic_auth = ['ana:p\"a\\\\s', 'bob:ü']\nmax_tasks = 50000\nport = 1\n"
    )
    line = "--port=8888 --url_prefix=flower --read_only --inspect_timeout=1500"

    text = migrated(tmp_path, line, FLOWER_BROKER_API="http://guest:guest@mq:15672/api/")
    (tmp_path / "umbel.toml").write_text(text)
    settings = load_settings(
        {}, {"HOME": str(tmp_path), "UMBEL_CONFIG": str(tmp_path / "umbel.toml")}, tmp_path / "x"
    ).settings

    assert settings.port == 8888
    assert settings.basic_auth == ('ana:p"a\\s', "bob:ü")
    assert settings.read_only
    assert settings.inspect_timeout == 1.5
    assert settings.retention.max_tasks == 50_000
    assert settings.broker_api == "http://guest:guest@mq:15672/api/"


def test_what_has_no_equivalent_is_a_comment_with_what_replaces_it(tmp_path: Path) -> None:
    text = migrated(tmp_path, "--max_workers=9 --auth_provider=x.Y", FLOWER_XHEADERS="1")

    assert "# --max_workers is not needed: workers are kept on disk" in text
    assert "# --auth_provider names a class that is none of Flower's own" in text
    assert "# FLOWER_XHEADERS is replaced by trusted_proxies:" in text
    assert tomllib.loads(text) == {}


def test_who_listened_everywhere_is_told_that_umbel_does_not(tmp_path: Path) -> None:
    assert '# Where others must reach it without a proxy: address = "0.0.0.0"' in migrated(tmp_path)
    assert "Flower listens" not in migrated(tmp_path, "--address=10.0.0.1")


def test_each_line_says_where_it_is_from(tmp_path: Path) -> None:
    assert "port = 8888  # FLOWER_PORT" in migrated(tmp_path, FLOWER_PORT="8888")


@pytest.mark.parametrize(
    "value", ["a\nport = 1", 'x"\nport = 1 #', "\x7f\x1b[2J\u2028", "ü 🐎 \\ \t"]
)
def test_no_value_writes_anything_but_itself(tmp_path: Path, value: str) -> None:
    text = migrated(tmp_path, FLOWER_ADDRESS=value)

    assert tomllib.loads(text) == {"address": value.strip()}


def test_a_path_with_a_line_break_does_not_end_its_comment(tmp_path: Path) -> None:
    (tmp_path / "a\nport = 1").write_text("debug = True")

    text = migrated(tmp_path, FLOWER_CONF="a\nport = 1")

    assert tomllib.loads(text) == {"log_level": "debug", "enable_events": "always"}


def test_a_value_that_cannot_be_taken_over_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="FLOWER_PORT cannot be taken over as port"):
        migrated(tmp_path, FLOWER_PORT="http")
