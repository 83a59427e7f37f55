"""Flower in a virtual environment of its own, never in ours: made once, and kept."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Final

VERSION: Final = "2.2.0"
_HOME: Final = Path(__file__).parent / ".flower-env"
_DONE: Final = _HOME / "installed"
_LOCK: Final = Path(tempfile.gettempdir()) / "umbel-flower-env.lock"


class NotInstallable(RuntimeError):
    """Flower cannot be had here; the message is what pip said last."""


def install() -> Path:
    """The `celery` command beside Flower, with the Celery of this environment. Installed
    unless it is there. Raises `NotInstallable`."""
    wanted = [f"flower=={VERSION}", f"celery[redis]=={version('celery')}", "packaging"]
    with _LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _DONE.exists() or _DONE.read_text().split() != wanted:
            _make(wanted)
    return _HOME / "bin" / "celery"


def _make(wanted: list[str]) -> None:
    shutil.rmtree(_HOME, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(_HOME)])
    _run([str(_HOME / "bin" / "python"), "-m", "pip", "install", "--quiet", *wanted])
    _DONE.write_text("\n".join(wanted))


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise NotInstallable(f"{' '.join(command[:4])}: {(done.stderr or done.stdout)[-500:]}")
