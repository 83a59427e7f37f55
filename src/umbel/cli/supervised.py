"""The collector as the child of a server, which gives it its settings by the environment.

Of the other commands nothing is imported: for as long as it runs they would take 4 MB.
"""

from __future__ import annotations

import os
from pathlib import Path

from umbel import app
from umbel.collector import as_child
from umbel.settings import load_settings
from umbel.settings.child_environment import forget_secrets


def collect() -> int:
    """Collect until told to stop or the server is gone; the exit code."""
    return as_child(_collect)


def _collect() -> int:
    loaded = load_settings({}, os.environ, Path.cwd())
    forget_secrets(os.environ)
    return app.collect(loaded, supervised=True)
