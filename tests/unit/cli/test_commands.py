"""The command line as people meet it: real processes, sentences and exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

import umbel
from umbel.cli.start import run
from umbel.settings import SETTINGS
from umbel.store import sqlite
from umbel.store.capabilities import StoreCapabilities


def umbel_ended(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """`umbel` with these arguments, ended by itself."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("UMBEL_")}
    return subprocess.run(
        [sys.executable, "-m", "umbel", *arguments],
        env=mine | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What `umbel` says when it ends with exit code 2, which must be one line."""
    assert run(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err.strip()


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home and a directory without settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in [name for name in os.environ if name.startswith(("UMBEL_", "XDG_"))]:
        monkeypatch.delenv(name)


def test_the_version_is_told() -> None:
    assert umbel_ended("--version").stdout == f"umbel {umbel.__version__}\n"


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0

    shown = capsys.readouterr().out
    assert all(command in shown for command in ("serve", "collect", "demo", "settings"))


def test_a_wrong_option_is_told_with_the_nearest_right_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = refused(capsys, "serve", "--prot", "5555")

    assert "--prot" in said
    assert "--port" in said


def test_a_wrong_command_is_told_with_the_nearest_right_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = refused(capsys, "srve")

    assert said == "umbel: There is no command srve. Did you mean serve?"


@pytest.mark.parametrize("group", ["worker", "queue", "token"])
def test_a_group_of_commands_shows_its_help_and_knows_its_names(
    capsys: pytest.CaptureFixture[str], group: str
) -> None:
    assert run([group]) == 0

    assert f"Usage: umbel {group} [OPTIONS] COMMAND" in capsys.readouterr().out
    assert refused(capsys, group, "nonsense") == (
        f"umbel: There is no command nonsense of umbel {group}. "
        f"umbel {group} --help lists them all."
    )


@pytest.mark.parametrize(
    ("before", "example"),
    [(["schedule"], "umbel schedule list"), ([], "umbel tasks")],
    ids=["a group of commands", "umbel itself"],
)
def test_an_option_before_the_command_is_told_where_it_belongs(
    capsys: pytest.CaptureFixture[str], before: list[str], example: str
) -> None:
    said = refused(capsys, *before, "--server", "http://x")

    assert f"--server stands behind the command, as in {example} --server. " in said


def test_a_directory_that_is_not_there_is_told_with_where_else_to_look(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["tasks"]) == 1

    said = capsys.readouterr().err
    assert said.startswith(f"umbel: There is no directory {tmp_path}/.local/share/umbel with")
    assert "--server" in said
    assert "--data" in said


def test_no_column_at_all_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    said = refused(capsys, "tasks", "--columns", ",", "--data", str(tmp_path), "-s", "http://x")

    assert said == "umbel: Invalid value for --columns: it names no column."


def test_an_order_that_the_store_lacks_is_told_with_those_that_it_has(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite.SqliteStore(tmp_path, write=True).close()
    few = StoreCapabilities(orders=("seen", "name"))
    monkeypatch.setattr(sqlite.SqliteStore, "capabilities", few)

    said = refused(capsys, "tasks", "--data", str(tmp_path), "--order", "-runtime")

    assert said == "umbel: This store cannot sort by runtime. It can sort by seen or name."


def test_a_term_that_excludes_is_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "tasks", "-state:FALURE", "-worker:~eu", "--server", "http://x")

    assert "There is no state FALURE" in said


def test_a_token_that_could_not_be_shown_is_told_as_made(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "umbel", "token", "create", "--data", str(tmp_path)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )

    assert done.returncode == 4
    assert done.stderr.startswith("umbel: Token viewer-1 was made; umbel token revoke viewer-1")
    assert "No space left on device" in done.stderr


@pytest.mark.parametrize(
    "command", [("settings",), (), ("password",), ("--help",), ("tasks", "--help")]
)
def test_a_full_disk_is_told_in_one_sentence(command: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "umbel", *command],
            env=os.environ | {"UMBEL_CONFIG": "none"},
            input="secret\n",
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )

    assert done.stderr == "umbel: The output cannot be written: No space left on device.\n"
    assert done.returncode == 1


def test_what_is_asked_without_an_output_is_done(tmp_path: Path) -> None:
    shell = f"{sys.executable} -m umbel token list --data {tmp_path} >&-"
    done = subprocess.run(["/bin/sh", "-c", shell], capture_output=True, text=True, timeout=60)

    assert (done.returncode, done.stderr) == (0, f"There are no tokens in {tmp_path}.\n")


def test_a_wrong_value_stops_the_start_with_one_sentence() -> None:
    done = umbel_ended("serve", "-b", "redis://localhost/0", UMBEL_PORT="http")

    assert done.returncode == 2
    assert done.stderr.startswith("umbel: UMBEL_PORT cannot be 'http': it must be a whole number")
    assert "Traceback" not in done.stderr


def test_serving_nothing_is_told_with_what_to_add(capsys: pytest.CaptureFixture[str]) -> None:
    assert "No broker is named. Add -b redis://" in refused(capsys, "serve")


def test_an_application_that_cannot_be_imported_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "broken_shop.py").write_text("raise RuntimeError('no database here')")

    missing = refused(capsys, "serve", "-A", "no_such_shop", "--port", "0")
    assert "no_such_shop cannot be imported: ModuleNotFoundError" in missing
    broken = refused(capsys, "serve", "-A", "broken_shop", "--port", "0")
    assert "RuntimeError: no database here" in broken


def test_a_name_that_is_no_application_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "other_shop.py").write_text("app = 'not a Celery app'")

    said = refused(capsys, "serve", "-A", "other_shop:app", "--port", "0")

    assert "other_shop:app is no Celery application but of type str." in said


def test_settings_are_printed_with_value_origin_and_meaning(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UMBEL_BROKER", "redis://:hunter2@broker/0")

    assert run(["settings", "--port", "8000"]) == 0

    said = capsys.readouterr()
    assert "port = 8000    [command line]" in said.out
    assert "broker = redis://***@broker/0    [UMBEL_BROKER]" in said.out
    assert said.err == ""


def test_settings_name_pages_of_the_documentation_as_files(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["settings"]) == 0

    said = capsys.readouterr().out
    assert "(logins: docs/logins/README.md); in a variable a JSON object." in said
    assert "](" not in said


def test_settings_tell_what_would_stop_a_start(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["settings", "-b", "redis://broker/0", "--address", "10.1.2.3"]) == 0

    assert "umbel serve would not start: There is no login," in capsys.readouterr().err


def test_settings_are_there_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["settings", "--json"]) == 0

    listed = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in listed] == [entry.name for entry in SETTINGS]


@pytest.mark.parametrize("option", [("-b", "redis://mine/0"), ("-A", "proj:app")])
def test_the_demo_refuses_another_broker(
    capsys: pytest.CaptureFixture[str], option: tuple[str, str]
) -> None:
    assert "it brings its own" in refused(capsys, "demo", *option)


def test_a_collector_that_cannot_begin_fails_as_every_command_does(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    connection = apsw.Connection(str(data / "umbel.db"))
    connection.pragma("user_version", 99)
    connection.close()

    ended = umbel_ended("collect", "-b", "redis://127.0.0.1:1/0", "--data", str(data))

    assert "written by a newer Umbel" in ended.stderr
    assert ended.returncode == 1


def test_every_setting_is_an_option_of_every_command_that_needs_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for command in ("serve", "collect", "demo", "settings"):
        assert run([command, "--help"]) == 0
        shown = capsys.readouterr().out
        assert all(entry.flag.removeprefix("--") in shown for entry in SETTINGS), command


def test_the_help_shows_the_words_that_an_option_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--help"]) == 0

    shown = capsys.readouterr().out
    assert "--log-format [text|json]" in shown
    assert "--log-level [debug|info|warning|error]" in shown
    assert "--collector-queue-type [classic|quorum]" in shown
