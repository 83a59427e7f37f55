"""What the ledger says, where it is shown beside something else: a ledger that cannot be read takes
no list of workers, no metric and no check of health with it. Whoever acts by it reads it itself."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from umbel.errors import StoreError

log = logging.getLogger(__name__)

T = TypeVar("T")


def beside(read: Callable[[], T], what: str) -> T | None:
    """What `read` gives; None where the ledger cannot be read, and the log says that `what` is not
    shown."""
    try:
        return read()
    except StoreError as error:
        log.warning("%s is not shown. %s", what, error)
        return None
