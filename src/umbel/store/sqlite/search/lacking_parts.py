"""What a reader says of files that are not there, or empty, and must be neither: once in the log,
and for as long as it is so."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from umbel.clock import Clock
from umbel.store.base import DamagedPart
from umbel.store.sqlite.files.damage import lacking
from umbel.store.sqlite.files.lacking_files import lacking_catalog, lacking_partition

_log = logging.getLogger(__name__)


class LackingParts:
    """Parts of one directory, by the number of their partition (None for umbel.db); any thread."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._lock = threading.Lock()
        self._noted: dict[int | None, DamagedPart] = {}

    @property
    def noted(self) -> tuple[int | None, ...]:
        with self._lock:
            return tuple(self._noted)

    def note(self, number: int | None, listed: set[int]) -> DamagedPart | None:
        """What is to be said of this file, None if nothing is; `listed` are the partitions that
        umbel.db lists now."""
        if number is None:
            reason = lacking_catalog(self._directory)
        else:
            reason = lacking_partition(self._directory, number, listed)
        with self._lock:
            noted = self._noted.pop(number, None)
            if reason is None:
                return None
            if noted is None or noted.reason != reason:
                noted = lacking(self._directory, number, reason, self._clock.now())
                _log.error("%s %s", noted.sentence, noted.remedy)
            self._noted[number] = noted
            return noted
