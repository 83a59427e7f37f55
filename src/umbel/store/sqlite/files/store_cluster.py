"""Of which cluster the history in a directory is, a small file beside the store's id.

What stands in it is a text that means nothing to the store.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from umbel.store.sqlite.files import private_files
from umbel.store.sqlite.files.errors import translated
from umbel.store.sqlite.files.paths import cluster_path

_TEXT_MAX = 10_000


def read_cluster(directory: Path) -> str:
    """The text, empty if there is none. Raises `StoreError`."""
    with translated(directory):
        try:
            with cluster_path(directory).open(encoding="utf-8", errors="replace") as file:
                return file.read(_TEXT_MAX).strip()
        except FileNotFoundError:
            return ""


def keep_cluster(directory: Path, text: str) -> None:
    """Let the directory be of this cluster; whole or not at all. Raises `StoreError`."""
    path = cluster_path(directory)
    beside = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with translated(directory):
        try:
            private_files.write(beside, f"{text}\n".encode())
            beside.replace(path)
        except OSError:
            beside.unlink(missing_ok=True)
            raise
