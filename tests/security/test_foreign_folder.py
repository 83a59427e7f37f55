"""In a folder of somebody else nothing of theirs is run that nobody asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from umbel.errors import SettingsError
from umbel.settings import LoadedSettings, load_settings
from umbel.settings.check import check_data_directory

EVIL = "import pathlib\npathlib.Path(__file__).with_name('ran').touch()\n"
SOMEBODY = 12_345
IMPLICIT = {
    "umbel.toml": 'app = "evil:app"\n',
    "flowerconfig.py": "broker_api = 'http://evil/'\n",
    "celeryconfig.py": EVIL,
}
NAMED = {
    "umbel.toml": "--config /",
    "flowerconfig.py": "--conf=/",
    "celeryconfig.py": "-A celery:current_app",
}


def load(folder: Path, environ: dict[str, str] | None = None, **line: object) -> LoadedSettings:
    return load_settings(line, {"HOME": "/nowhere", **(environ or {})}, folder)


def give_away(path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("Only root can give files to somebody else.")
    os.chown(path, SOMEBODY, SOMEBODY, follow_symlinks=False)


@pytest.mark.parametrize("name", IMPLICIT)
def test_a_file_of_somebody_else_is_refused_and_named(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(IMPLICIT[name])
    give_away(path)

    said = f"{name} was found, .*belongs to {SOMEBODY}.*{NAMED[name]}"
    with pytest.raises(SettingsError, match=said):
        load(tmp_path)


@pytest.mark.parametrize("name", IMPLICIT)
def test_a_file_that_everybody_may_write_to_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(IMPLICIT[name])
    path.chmod(0o646)

    with pytest.raises(SettingsError, match="everybody may write"):
        load(tmp_path)


def test_a_link_of_somebody_else_to_a_file_of_mine_is_refused(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(IMPLICIT["umbel.toml"])
    link = tmp_path / "umbel.toml"
    link.symlink_to(mine)
    give_away(link)

    with pytest.raises(SettingsError, match="belongs to"):
        load(tmp_path)


def test_a_file_of_mine_counts_and_so_does_one_that_is_named(tmp_path: Path) -> None:
    path = tmp_path / "umbel.toml"
    path.write_text("port = 1234\n")
    assert load(tmp_path).settings.port == 1234

    path.chmod(0o666)

    assert load(tmp_path, config=str(path)).settings.port == 1234
    assert load(tmp_path, {"UMBEL_CONFIG": str(path)}).settings.port == 1234
    assert load(tmp_path, config="none").settings.port == 5555


def test_who_becomes_root_for_one_command_has_his_own_file_read(tmp_path: Path) -> None:
    path = tmp_path / "umbel.toml"
    path.write_text("port = 1234\n")
    give_away(path)

    assert load(tmp_path, {"SUDO_UID": str(SOMEBODY)}).settings.port == 1234


@pytest.mark.parametrize("name", ["umbel.toml", "flowerconfig.py"])
@pytest.mark.parametrize(
    ("line", "environ"),
    [({"app": "proj"}, {}), ({}, {"UMBEL_APP": "proj"}), ({}, {"CELERY_APP": "proj"})],
)
def test_a_service_with_an_application_reads_the_files_of_who_deployed_it(
    name: str, line: dict[str, object], environ: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text("port = 1234\n")
    give_away(path)
    give_away(tmp_path)

    assert load(tmp_path, environ, **line).settings.port == 1234

    path.chmod(0o646)
    with pytest.raises(SettingsError, match="everybody may write"):
        load(tmp_path, environ, **line)


def test_in_a_folder_of_everybody_an_application_makes_nobody_trusted(tmp_path: Path) -> None:
    path = tmp_path / "flowerconfig.py"
    path.write_text("port = 1234\n")
    give_away(path)

    with pytest.raises(SettingsError, match="belongs to"):
        load(tmp_path, app="proj")


@pytest.mark.parametrize("name", IMPLICIT)
def test_where_no_file_is_to_be_read_none_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(IMPLICIT[name])
    path.chmod(0o646)

    assert load(tmp_path, config="none").settings.app is None


def test_a_directory_that_this_user_cannot_look_into_holds_no_settings(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("Only root can become somebody else.")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "umbel.toml").write_text("port = 1234\n")
    os.seteuid(SOMEBODY)
    try:
        found = load(closed)
    finally:
        os.seteuid(0)

    assert found.settings.port == 5555


def test_a_data_directory_inside_a_closed_one_is_refused(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("Only root can become somebody else.")
    tmp_path.chmod(0o700)
    os.setresuid(SOMEBODY, SOMEBODY, 0)
    try:
        with pytest.raises(SettingsError, match=r"cannot be written.*belongs to root"):
            check_data_directory(tmp_path / "data")
    finally:
        os.setresuid(0, 0, 0)


def test_a_command_that_only_looks_runs_nothing_there(tmp_path: Path) -> None:
    (tmp_path / "umbel.toml").write_text(IMPLICIT["umbel.toml"])
    (tmp_path / "evil.py").write_text(EVIL)
    (tmp_path / "umbel.toml").chmod(0o666)

    done = subprocess.run(
        [sys.executable, "-P", "-m", "umbel", "queues", "--data", str(tmp_path)],
        capture_output=True, text=True, check=False, cwd=tmp_path, timeout=60,
        env={"HOME": str(tmp_path), "PATH": "/bin"},
    )  # fmt: skip

    assert done.returncode != 0
    assert "--config" in done.stderr
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("name", "content", "mode", "is_told"),
    [
        ("umbel.toml", 'basic_auth = ["ada:pw"]', 0o644, True),
        ("umbel.toml", 'broker = "redis://:pw@h"', 0o644, True),
        ("umbel.toml", 'broker = "redis://:pw@h"', 0o640, False),
        ("umbel.toml", 'broker = "redis://h"', 0o644, False),
        ("umbel.toml", '[clusters.shop]\nbroker = "redis://:pw@h"', 0o644, True),
        ("umbel.toml", '[clusters.shop]\nbroker = "redis://:pw@h"', 0o640, False),
        ("flowerconfig.py", "basic_auth = ['ada:pw']", 0o644, True),
        ("flowerconfig.py", "basic_auth = ['ada:pw']", 0o600, False),
    ],
)
def test_passwords_in_a_file_that_everybody_can_read_are_told(
    name: str, content: str, mode: int, is_told: bool, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text(content)
    path.chmod(mode)

    told = [notice.sentence for notice in load(tmp_path).notices]

    assert any(f"can read the passwords in {path}" in sentence for sentence in told) == is_told
    assert "pw" not in " ".join(told).replace("passwords", "").replace(str(path), "")
