"""Starting Umbel as Flower was started, and `umbel migrate-flower`."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from celery import Celery

import umbel
from umbel.cli.options import BegunByCelery, BegunByFlower
from umbel.cli.start import run, serve_application


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home and a directory without settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in [name for name in os.environ if name.startswith(("UMBEL_", "FLOWER_"))]:
        monkeypatch.delenv(name)


def test_flowers_spelling_is_understood_beside_umbels(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["-b", "redis://x/0", "--port=1234", "--url_prefix=flower", "--basic_auth=ana:pw-of-ana"]

    assert run(["settings", *line]) == 0

    said = capsys.readouterr()
    assert "port = 1234    [command line]" in said.out
    assert "url_prefix = /flower    [--url_prefix]" in said.out
    assert "basic_auth = ***    [--basic_auth]" in said.out
    assert "pw-of-ana" not in said.out + said.err
    assert said.err == ""


def test_what_replaces_an_option_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWER_PERSISTENT", "false")

    assert run(["settings", "-b", "redis://x/0", "--max_workers=9"]) == 0

    said = capsys.readouterr().err
    assert "--max_workers is not needed: workers are kept on disk" in said
    assert "FLOWER_PERSISTENT is not needed: the history is always kept" in said


def test_serve_does_not_start_open_where_flower_asked_for_a_login(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["serve", "-b", "redis://x/0", "--auth=.*@example.com"]) == 2

    said = capsys.readouterr().err
    assert "--auth is of a login of Flower's, to which auth_provider" in said
    assert "(FLOWER_AUTH_PROVIDER) is missing." in said


def test_a_wrong_value_is_told_by_flowers_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "-b", "redis://x/0", "--max_tasks=many"]) == 2

    assert "--max_tasks cannot be 'many': it must be a whole number" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ("--inspect_timeout=soon", "a number of milliseconds above 0"),
        ("--inspect_timeout=inf", "a number of milliseconds above 0"),
        ("--purge_offline_workers=1.5", "a whole number of seconds"),
    ],
)
def test_what_is_no_number_is_told_what_it_must_be(
    capsys: pytest.CaptureFixture[str], option: str, reason: str
) -> None:
    assert run(["settings", "-b", "redis://x/0", option]) == 2

    assert f"it must be {reason}" in capsys.readouterr().err


def test_migrating_prints_a_file_for_umbel(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "old.py").write_text("port = 8888\nauto_refresh = False\nformat_task = print\n")
    monkeypatch.setenv("FLOWER_URL_PREFIX", "flower")

    assert run(["migrate-flower", "--config", "old.py", "--port=9999", "--xheaders"]) == 0

    printed = capsys.readouterr().out
    assert tomllib.loads(printed) == {
        "port": 9999,
        "url_prefix": "/flower",
        "enable_events": "always",
    }
    assert "# format_task in " in printed
    assert "# --xheaders is replaced by trusted_proxies" in printed


def test_a_file_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["migrate-flower", "--config", "absent.py"]) == 2

    assert "absent.py (--config) does not exist" in capsys.readouterr().err


@pytest.mark.parametrize("begun", [BegunByCelery(), BegunByFlower()])
def test_a_command_of_celery_tells_its_version_and_starts_nothing(
    capsys: pytest.CaptureFixture[str], begun: BegunByCelery
) -> None:
    app = Celery("proj", broker="redis://localhost:1/0")

    assert serve_application(app, None, ["--version"], begun) == 0

    assert capsys.readouterr().out == f"umbel {umbel.__version__}\n"
