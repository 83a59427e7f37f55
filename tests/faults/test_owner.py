"""Commands of root on a service's data directory leave nothing there that the service cannot
write."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.umbels import UMBEL, umbel_environment
from umbel.store.sqlite import SqliteStore

NOBODY = 65534

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="Only root can become another user.")


@pytest.fixture
def data() -> Iterator[Path]:
    """The data directory of a service that runs as nobody, where nobody may go."""
    above = Path(tempfile.mkdtemp(prefix="umbel-owner-"))
    above.chmod(0o755)
    directory = above / "data"
    SqliteStore(directory, write=True).close()
    for path in (directory, *directory.iterdir()):
        os.chown(path, NOBODY, NOBODY)
    yield directory
    shutil.rmtree(above)


def ended(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [UMBEL, *arguments],
        env=umbel_environment(HOME="/nonexistent"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "command",
    [("token", "create"), ("token", "list"), ("tasks",), ("workers",), ("audit",)],
    ids=" ".join,
)
def test_files_keep_the_owner_of_the_directory(data: Path, command: tuple[str, ...]) -> None:
    done = ended(*command, "--data", str(data))

    assert done.returncode == 0, done.stderr
    assert {path.stat().st_uid for path in data.iterdir()} == {NOBODY}


def test_a_token_says_where_it_is_good(data: Path) -> None:
    done = ended("token", "create", "--data", str(data), "--name", "ci")

    assert f"Token ci, with role viewer, is good for Umbel in {data}." in done.stderr


@pytest.mark.parametrize("command", ["serve", "collect"])
def test_root_does_not_fill_the_directory_of_a_service(data: Path, command: str) -> None:
    done = ended(command, "-b", "redis://localhost/0", "--data", str(data))

    assert done.returncode == 2
    assert f"The data directory {data} belongs to nobody, and this is root" in done.stderr
    assert "sudo -u nobody umbel" in done.stderr
    assert {path.stat().st_uid for path in data.iterdir()} == {NOBODY}
