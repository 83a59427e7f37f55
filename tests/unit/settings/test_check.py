"""Settings that contradict each other or the machine."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.mounts import small_disk
from umbel.errors import SettingsError
from umbel.settings import check_data_directory, check_serving, load_settings

SOMEBODY: Final = 12_345


def refusal(tmp_path: Path, line: dict[str, object]) -> str:
    loaded = load_settings(line, {"HOME": str(tmp_path)}, tmp_path)
    with pytest.raises(SettingsError) as caught:
        check_serving(loaded)
    return str(caught.value)


def accepted(tmp_path: Path, line: dict[str, object]) -> None:
    check_serving(load_settings(line, {"HOME": str(tmp_path)}, tmp_path))


BROKER: dict[str, object] = {"broker": "redis://broker/0"}


def test_a_broker_or_an_app_is_needed_to_collect(tmp_path: Path) -> None:
    assert refusal(tmp_path, {}).startswith("No broker is named. Add -b ")
    accepted(tmp_path, BROKER)
    accepted(tmp_path, {"app": "proj.celery:app"})


def test_serving_without_collecting_needs_a_directory_but_no_broker(tmp_path: Path) -> None:
    line: dict[str, object] = {"collect": False, "data": str(tmp_path / "absent")}
    assert "no data directory" in refusal(tmp_path, line)

    accepted(tmp_path, {"collect": False, "data": str(tmp_path)})


def test_an_address_that_others_reach_is_refused_while_there_is_no_login(tmp_path: Path) -> None:
    for address in ("0.0.0.0", "::", "192.168.1.5", "umbel.example.com"):  # noqa: S104
        assert "There is no login" in refusal(tmp_path, BROKER | {"address": address})
        accepted(tmp_path, BROKER | {"address": address, "insecure": True})
    for address in ("127.0.0.1", "127.0.1.1", "::1", "localhost"):
        accepted(tmp_path, BROKER | {"address": address})


def test_a_socket_and_an_address_contradict_each_other(tmp_path: Path) -> None:
    line = BROKER | {"unix_socket": "/run/umbel.sock", "port": "1234"}

    assert "unix_socket and port contradict" in refusal(tmp_path, line)


def test_a_data_directory_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(SettingsError, match="is a file, so the data directory"):
        check_data_directory(tmp_path / "file" / "data")


def test_a_data_directory_on_a_read_only_file_system_is_no_fault_of_its_owner(
    tmp_path: Path,
) -> None:
    with (
        small_disk(tmp_path / "disk", "ro"),
        pytest.raises(SettingsError, match=r"file system that holds .* is read-only") as told,
    ):
        check_data_directory(tmp_path / "disk" / "data")

    assert "dmesg" in told.value.remedy
    assert "belongs to" not in str(told.value)


@contextlib.contextmanager
def owner_of(directory: Path) -> Iterator[None]:
    """This process is the owner of a directory, who is not root."""
    is_root = os.geteuid() == 0
    if is_root:
        os.chown(directory, SOMEBODY, -1)
        os.setresuid(SOMEBODY, SOMEBODY, 0)
    try:
        yield
    finally:
        if is_root:
            os.setresuid(0, 0, 0)


def test_a_data_directory_closed_to_its_own_user_is_told_by_its_mode() -> None:
    # Somebody else has to reach it, whom pytest's own folders keep out.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        data = Path(folder) / "data"
        data.mkdir(mode=0o500)
        with (
            owner_of(data),
            pytest.raises(SettingsError, match=r"the mode of .*/data is dr-x------\.") as told,
        ):
            check_data_directory(data)

    assert f"chmod u+rwx {data}" in told.value.remedy


def test_a_data_directory_that_can_be_made_is_fine(tmp_path: Path) -> None:
    check_data_directory(tmp_path / "a" / "b")


@pytest.mark.parametrize(
    ("line", "is_open"),
    [
        ({}, True),
        ({"insecure": True}, True),
        ({"basic_auth": "ann:pw"}, False),
        ({"auth.users": "ann:viewer:pw"}, False),
    ],
)
def test_a_server_is_open_only_while_settings_name_no_login(
    tmp_path: Path, line: dict[str, object], is_open: bool
) -> None:
    assert load_settings(line, {"HOME": str(tmp_path)}, tmp_path).settings.is_open is is_open
