"""Ids of the tasks that people sent from Umbel, by the audit: *Run now*, *Run*, retries.

Such a task may look as if beat had sent it, and beat may be dead: that is why it was sent.
"""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Collection
from typing import Final

from umbel.errors import StoreError
from umbel.store.ledger import Ledger

#: So many lines of the audit are read at once, and at most when it is read first.
PAGE: Final = 200
LINES_MAX: Final = 4_000
#: So many ids are remembered.
IDS_MAX: Final = 20_000


class SentByHand:
    """Reads what is new in the audit. Any thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._newest = 0

    def ids(self) -> Collection[str]:
        """Of the last `LINES_MAX` lines; where the ledger does not answer, those found before."""
        with self._lock:
            with contextlib.suppress(StoreError):
                self._read()
            return frozenset(self._ids)

    def _read(self) -> None:
        before: int | None = None
        newest = self._newest
        for _ in range(LINES_MAX // PAGE):
            page = self._ledger.audit(before=before, limit=PAGE)
            for line in page.items:
                if line.number <= self._newest:
                    break
                newest = max(newest, line.number)
                self._ids.update(dict.fromkeys(line.tasks))
            else:
                before = page.next
                if before is not None:
                    continue
            break
        self._newest = newest
        while len(self._ids) > IDS_MAX:
            self._ids.popitem(last=False)
