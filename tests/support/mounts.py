"""File systems of a test's own, where the tests may mount any."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def small_disk(directory: Path, options: str) -> Iterator[None]:
    """A file system in memory at `directory`, as large and as writable as `options` say
    (`size=8m`, `ro`); skips where the tests may not mount."""
    directory.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        pytest.skip("Only root can mount a small disk to fill.")
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(directory)],
        capture_output=True,
        text=True,
    )
    if mount.returncode != 0:
        pytest.skip(f"A small disk cannot be mounted here: {mount.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(directory)], check=True)


def fill_disk(disk: Path, left_bytes: int) -> Path:
    """Leave so much room on a disk, or less where others write to it meanwhile; the file that takes
    the rest."""
    ballast = disk / "ballast"
    with contextlib.suppress(OSError):
        ballast.write_bytes(bytes(shutil.disk_usage(disk).free - left_bytes))
    return ballast
