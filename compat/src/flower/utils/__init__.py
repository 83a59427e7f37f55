"""Small functions of Flower."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path
from typing import Any


def gen_cookie_secret() -> bytes:
    """32 random bytes in base64."""
    return base64.b64encode(secrets.token_bytes(32))


def strtobool(val: str) -> int:
    """1 for y, yes, t, true, on and 1, 0 for n, no, f, false, off and 0, in any case. Raises
    `ValueError`."""
    word = val.lower()
    if word in ("y", "yes", "t", "true", "on", "1"):
        return 1
    if word in ("n", "no", "f", "false", "off", "0"):
        return 0
    raise ValueError(f"invalid truth value {val!r}")


def abs_path(path: str) -> str:
    """The path from the working directory as `$PWD` has it, `~` expanded; not normalised."""
    path = os.path.expanduser(path)  # noqa: PTH111  pathlib would normalise it
    if os.path.isabs(path):  # noqa: PTH117
        return path
    return os.path.join(os.environ.get("PWD") or str(Path.cwd()), path)  # noqa: PTH118


def prepend_url(url: str, prefix: str) -> str:
    """The url with the prefix before it."""
    return "/" + prefix.strip("/") + url


def bugreport(app: Any = None) -> str:
    """The versions of this and of what it runs on, and Celery's own report."""
    try:
        import celery
        from celery.app.utils import bugreport as of_celery

        import flower
        import umbel

        versions = f"flower   -> flower:{flower.__version__} umbel:{umbel.__version__}"
        return f"{versions}\n{of_celery(app or celery.current_app)}"
    except (ImportError, AttributeError) as error:
        return f"Error when generating bug report: {error}. Are Celery and Umbel installed?"
