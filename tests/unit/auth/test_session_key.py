"""The key of browser sessions, a file that only its owner reads."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from umbel.auth.session_key import FILE, session_key
from umbel.errors import StoreCorrupt, StoreUnwritable


def test_the_key_stays_and_is_its_owners_alone(tmp_path: Path) -> None:
    key = session_key(tmp_path)

    assert len(key) == 32
    assert session_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_servers_that_start_together_have_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(session_key, [tmp_path] * 32))

    assert len(keys) == 1


def test_a_key_that_others_could_read_is_closed(tmp_path: Path) -> None:
    session_key(tmp_path)
    (tmp_path / FILE).chmod(0o644)

    session_key(tmp_path)

    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_half_a_key_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"half")

    with pytest.raises(StoreCorrupt, match="Remove the file"):
        session_key(tmp_path)


def test_a_place_that_cannot_hold_a_key_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreUnwritable, match=r"session\.key"):
        session_key(tmp_path / "absent")
