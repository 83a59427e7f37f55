"""The columns of the Tasks page, by the names of their fields: for the settings.

The page itself has them in `ui/src/tasks/columns.ts`, where `args` and `kwargs` are one column.
It imports nothing, so that the help of a command costs nothing.
"""

from __future__ import annotations

from typing import Final

#: Every name that a list of columns may have, beside `ALL`.
TASK_COLUMNS: Final = (
    "state", "name", "uuid", "args", "kwargs", "result", "worker", "queue", "changed", "seen",
    "sent", "received", "started", "finished", "wait", "runtime", "retries", "exception",
    "exchange", "routing_key", "eta", "expires", "revoked",
)  # fmt: skip
#: All of them, in the page's own order.
ALL: Final = "all"
