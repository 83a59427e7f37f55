"""What lists of tasks can be sorted by: for the store, the HTTP API, the commands and the docs.

It imports nothing, so that the help of a command costs nothing.
"""

from __future__ import annotations

from typing import Final

#: Fields that tasks are sorted by. All but `changed`, which no event tells, can be searched for.
ORDERS: Final = (
    "seen", "changed", "name", "state", "received", "started", "finished", "runtime", "worker",
    "queue", "sent", "wait", "retries", "revoked", "eta", "expires",
    "args", "kwargs", "result", "exception", "exchange", "routing_key",
)  # fmt: skip
#: Of these, the texts of which no index has an order: every task that a search finds is read.
#: Only their first `SORTED_CHARACTERS` are compared.
READ_ORDERS: Final = frozenset({"args", "kwargs", "result", "exception", "exchange", "routing_key"})
SORTED_CHARACTERS: Final = 200
#: As they are asked for: descending with a "-" before the name.
ORDER_NAMES: Final = tuple(f"{sign}{name}" for name in ORDERS for sign in ("-", ""))
