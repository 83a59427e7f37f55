"""Where lists of tasks were left, so that the next batch goes on from there.

Code that takes batches (`limit=1000, offset=0`, `offset=1000`, ...) would walk to each from the
start. A bookmark is the cursor of a page and how many tasks stand before it; the walk begins at
the last one that is not behind the wanted offset. Each is used once and for ten minutes at most:
whoever asks for the same offset again, later, wants the list as it is then.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

from umbel.query.ast import Node
from umbel.store.base import Order

#: How many are remembered, the latest.
BOOKMARKS_MAX: Final = 64
#: How long, seconds.
KEPT_S: Final = 600.0


class Bookmark(NamedTuple):
    """`offset` tasks stand before the page of `cursor`; None is the first page."""

    offset: int
    cursor: str | None


BEGINNING: Final = Bookmark(0, None)


class Bookmarks:
    """Bounded in number and time. Thread-safe."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._until: OrderedDict[tuple[Node, Order, Bookmark], float] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, query: Node, order: Order, bookmark: Bookmark) -> None:
        """Remember where a list was left."""
        key = (query, order, bookmark)
        with self._lock:
            self._until.pop(key, None)
            self._until[key] = self._monotonic() + KEPT_S
            while len(self._until) > BOOKMARKS_MAX:
                self._until.popitem(last=False)

    def take(self, query: Node, order: Order, offset: int) -> Bookmark:
        """The last that is not behind `offset`, and forget it; else the beginning."""
        now = self._monotonic()
        with self._lock:
            fitting = [
                bookmark
                for (its_query, its_order, bookmark), until in self._until.items()
                if bookmark.offset <= offset
                and until > now
                and (its_query, its_order) == (query, order)
            ]
            found = max(fitting, key=lambda bookmark: bookmark.offset, default=BEGINNING)
            self._until.pop((query, order, found), None)
        return found
