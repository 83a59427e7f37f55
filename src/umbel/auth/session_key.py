"""The key that sessions of browsers are signed with: a secret of the ledger.

Every server that shares a ledger has the same key, so a login at one holds with all of them and
over restarts, wherever they run. The name of the cookie is made from the key as well, so they all
look for the same one.
"""

from __future__ import annotations

import secrets
from typing import Final

from umbel.store.ledger import SECRET_BYTES, Ledger

#: What the ledger keeps the key under.
NAME: Final = "session"


def session_key(ledger: Ledger) -> bytes:
    """The ledger's key of sessions, made if there is none. Raises `StoreError`."""
    return ledger.secret(NAME, secrets.token_bytes(SECRET_BYTES))
