"""What workers say of themselves."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import umbel
from flower.api import Handler
from umbel.python.workers import INSPECTED


class ListWorkers(Handler):
    """Workers by name."""

    async def get(
        self, workername: str | None = None, refresh: bool = False, status: bool = False
    ) -> dict[str, Any]:
        """Their replies to Celery's `inspect`, by method; with `status` whether each is online.
        They are asked anew at each call, with or without `refresh`."""
        del refresh
        if status:
            rows = await self._call(umbel.workers)
            return {name: row["status"] == "online" for name, row in rows.items()}
        found: dict[str, Any] = defaultdict(dict)
        for what in INSPECTED:
            for name, reply in (await self._call(umbel.inspect, what, workername)).items():
                found[name][what] = reply
        return dict(found)
