"""What the ledger in memory has of deploys."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from umbel.store.ledger import DEPLOYS_KEPT_S, DEPLOYS_MAX, Deploy


class MemoryDeploys:
    """The part of `MemoryLedger` that deploys need: see `store.ledger.Ledger`."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._deploys: dict[str, Deploy] = {}
        self._fleet: bytes | None = None

    def keep_deploy(self, deploy: Deploy) -> None:
        with self._lock:
            oldest = deploy.at - DEPLOYS_KEPT_S
            found = [
                each
                for each in self._deploys.values()
                if each.at >= oldest and each.id != deploy.id
            ]
            found = sorted([*found, deploy], key=_newest_last)
            self._deploys = {each.id: each for each in found[-DEPLOYS_MAX:]}

    def drop_deploys(self, ids: Iterable[str]) -> int:
        with self._lock:
            return sum(self._deploys.pop(each, None) is not None for each in set(ids))

    def deploys(
        self, after: float | None = None, before: float | None = None, limit: int = DEPLOYS_MAX
    ) -> tuple[Deploy, ...]:
        with self._lock:
            found = [
                each
                for each in self._deploys.values()
                if (after is None or each.until >= after) and (before is None or each.at < before)
            ]
        return tuple(sorted(found, key=_newest_last, reverse=True)[:limit])

    def keep_fleet(self, fleet: bytes) -> None:
        with self._lock:
            self._fleet = fleet

    def fleet(self) -> bytes | None:
        with self._lock:
            return self._fleet


def _newest_last(deploy: Deploy) -> tuple[float, str]:
    return deploy.at, deploy.id
