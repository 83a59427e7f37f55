"""The id of a store, a small file in its directory.

It stays when `umbel.db` is damaged and made anew, and comes back under the same directory
when its file was removed while the store is open: what is kept for this store elsewhere (the
event queue on RabbitMQ) is found by it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import secrets
from pathlib import Path
from typing import Final

from umbel.store.sqlite.files import private_files
from umbel.store.sqlite.files.paths import id_path

_log = logging.getLogger(__name__)

_ID_BYTES: Final = 8
_FORM: Final = re.compile(r"[0-9a-f]{16}\n?")


def read_id(directory: Path) -> str:
    """The id of the store in `directory`, empty if it has none. Raises `OSError`."""
    try:
        text = id_path(directory).read_text("ascii", "replace")
    except FileNotFoundError:
        return ""
    return text.strip() if _FORM.fullmatch(text) else ""


def keep_id(directory: Path, id_: str = "") -> str:
    """The id of the store in `directory`; if it has none it gets `id_`, or a new one. For
    the one who writes there. Raises `OSError`."""
    if found := read_id(directory):
        return found
    id_ = id_ or secrets.token_hex(_ID_BYTES)
    path = id_path(directory)
    if path.exists():
        _log.warning("The file %s is damaged; the store gets a new id.", path)
    _write(path, id_)
    return id_


def _write(path: Path, id_: str) -> None:
    """Write beside and rename, so that a crash leaves a whole id or none."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        private_files.write(beside, f"{id_}\n".encode("ascii"), durable=True)
        beside.replace(path)
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
