"""Numbers that stand in files of tasks for flags, states and measures.

They are frozen: a file keeps what was written to it for years, so a number is never given
another meaning, whatever becomes of the order of names elsewhere. A new flag gets the next free
bit here (`1 << 15`). A new state gets a negative number: in the table `value` of files that are
there, those from 9 on are taken. `tests/unit/store/test_stored_numbers.py` holds each of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from umbel.cluster.task import (
    FAILURE,
    PENDING,
    RECEIVED,
    REJECTED,
    RETRY,
    REVOKED,
    STARTED,
    SUCCESS,
    UNKNOWN,
)

#: The bits of the column `task.flags`: flags of the task, then which fields its body has.
FLAG_BITS: Final[Mapping[str, int]] = {
    "redelivered": 1 << 0,
    "ran-again": 1 << 1,
    "partial": 1 << 2,
    "shortened": 1 << 3,
    "expired": 1 << 4,
    "terminated": 1 << 5,
    "args": 1 << 6,
    "kwargs": 1 << 7,
    "result": 1 << 8,
    "exception": 1 << 9,
    "traceback": 1 << 10,
    "client": 1 << 11,
    "exchange": 1 << 12,
    "routing_key": 1 << 13,
    "reconciled": 1 << 14,
}

#: The ids of states in `value`, and so in `task.state`, `roll.state` and, as a byte,
#: `change.states`. Those from 1 on and below `ENDED_FROM` have not ended; SUCCESS is the one that
#: indexes of states leave out.
STATE_IDS: Final[Mapping[str, int]] = {
    PENDING: 1,
    RECEIVED: 2,
    STARTED: 3,
    RETRY: 4,
    REJECTED: 5,
    REVOKED: 6,
    FAILURE: 7,
    SUCCESS: 8,
    UNKNOWN: -1,
}
STATE_OF_ID: Final[Mapping[int, str]] = {number: state for state, number in STATE_IDS.items()}
#: The states in `change.states`; 0 is none.
STATE_OF_BYTE: Final[Mapping[int, str]] = {
    number & 0xFF: state for state, number in STATE_IDS.items()
}
ENDED_FROM: Final = STATE_IDS[REVOKED]
SUCCESS_ID: Final = STATE_IDS[SUCCESS]

#: `roll.measure`: by when a task was first seen, finished (with runtimes), started (with waits).
MEASURES: Final[Mapping[str, int]] = {"seen": 0, "finished": 1, "started": 2}
#: `roll.name` where it is no id of a name: all names together, and no name.
ALL_NAMES: Final = 0
NO_NAME: Final = -1

#: `value_roll.field`.
ROLLED_UP_FIELDS: Final[Mapping[str, int]] = {"worker": 1, "queue": 2, "error": 3}
