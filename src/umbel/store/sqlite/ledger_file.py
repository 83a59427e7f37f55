"""The ledger's file, and what its formats brought."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from umbel.store.sqlite.files.paths import ledger_path
from umbel.store.sqlite.shared_file import SharedFile

#: From these formats on the file has: sessions that were logged out; the reason and the tasks that
#: were made in a line of the audit; whose those sessions were, and plans that were not executed;
#: secrets and leases; logins, second factors, and what bounds tokens; muted findings; what was
#: decided about errors; deploys; saved searches; alerts; pauses of queues (and, from 14 on, which
#: repetitions may not have been sent). A file of an older Umbel gets them when this one first
#: writes to it.
SESSIONS_FORMAT: Final = 2
REASONS_FORMAT: Final = 3
PLANS_FORMAT: Final = 5
SECRETS_FORMAT: Final = 6
LOGINS_FORMAT: Final = 7
MUTES_FORMAT: Final = 8
ERRORS_FORMAT: Final = 9
DEPLOYS_FORMAT: Final = 10
SEARCHES_FORMAT: Final = 11
ALERTS_FORMAT: Final = 12
PAUSES_FORMAT: Final = 13


class LedgerFile(SharedFile):
    """One process's connections to the ledger in `directory`, used from any thread."""

    def __init__(self, directory: Path) -> None:
        # An audit line outlives even the machine's sudden end.
        super().__init__(ledger_path(directory), "ledger", durable=True)
