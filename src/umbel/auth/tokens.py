"""API tokens: `umbel_<name>_<secret>`, shown once when they are made.

The secret is 256 random bits, so nobody can guess it however fast they try, and a plain
SHA-256 is the right thing to keep: scrypt is slow to protect what people choose, and would
only make every request slow here. The name tells whose token it is and which one to look at;
the prefix lets scanners for leaked secrets know it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import Final

import msgspec

from umbel.auth.base import Identity, Role
from umbel.auth.people import ROLES
from umbel.errors import SettingsError, StoreError
from umbel.store.ledger import Ledger, Token

PREFIX: Final = "umbel_"
NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_SECRET_BYTES: Final = 32
_SECRET: Final = re.compile(r"[0-9a-f]{64}")
#: That a token was used is written down at most this often, seconds.
_USED_EVERY_S: Final = 60.0


def make_token(
    ledger: Ledger, name: str, role: Role, *, now: float, expires_s: float | None
) -> str:
    """Keep a new token; the text that is its owner's alone. Raises `SettingsError` for a
    name that cannot be, `StoreError` for one that is taken."""
    if not NAME.fullmatch(name):
        raise SettingsError(
            f"A token cannot be named {name[:60]!r}.",
            setting="name",
            remedy="Use up to 40 small letters, digits and hyphens, such as ci-deploy.",
        )
    secret = secrets.token_hex(_SECRET_BYTES)
    expires = None if expires_s is None else now + expires_s
    ledger.put_token(
        Token(name=name, role=role, secret_hash=_hash(secret), created=now, expires=expires)
    )
    return f"{PREFIX}{name}_{secret}"


def free_name(ledger: Ledger, role: str) -> str:
    """A name for a token that was given none: its role and the first free number."""
    taken = {token.name for token in ledger.tokens()}
    return next(
        name for number in range(1, len(taken) + 2) if (name := f"{role}-{number}") not in taken
    )


class Tokens:
    """Checks API tokens against the ledger. Any thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._nobody = _hash(secrets.token_hex(_SECRET_BYTES))

    def identify(self, shown: str, now: float) -> Identity | None:
        """Whose token it is; None for one that is unknown, revoked or expired. The ledger
        is asked every time, so that revoking works at once. Raises `StoreError`."""
        name, secret = _parts(shown)
        stored = next((token for token in self._ledger.tokens() if token.name == name), None)
        right = hmac.compare_digest(_hash(secret), stored.secret_hash if stored else self._nobody)
        if stored is None or not right or stored.role not in ROLES:
            return None
        if stored.expires is not None and stored.expires <= now:
            return None
        self._note(stored, now)
        return Identity(
            name=f"token:{stored.name}", role=msgspec.convert(stored.role, Role), token=stored.name
        )

    def _note(self, token: Token, now: float) -> None:
        """A ledger that cannot be written must not lock out who may read."""
        if token.last_used is None or token.last_used < now - _USED_EVERY_S:
            try:
                self._ledger.used_token(token.name, now)
            except StoreError:
                return


def name_in(shown: str) -> str | None:
    """The name that stands in a token, right or wrong, and nothing of its secret; None if none
    does."""
    name, parted, _ = shown.removeprefix(PREFIX).partition("_")
    return name if parted and NAME.fullmatch(name) else None


def _parts(shown: str) -> tuple[str, str]:
    """Name and secret; of what is no token, a name that nothing has."""
    name, _, secret = shown.removeprefix(PREFIX).rpartition("_")
    is_token = shown.startswith(PREFIX) and NAME.fullmatch(name) and _SECRET.fullmatch(secret)
    return (name, secret) if is_token else ("", "")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
