"""API tokens: `umbel_<name>_<secret>`, shown once when they are made.

The secret is 256 random bits, so nobody can guess it however fast they try, and a plain
SHA-256 is the right thing to keep: scrypt is slow to protect what people choose, and would
only make every request slow here. The name tells whose token it is and which one to look at;
the prefix lets scanners for leaked secrets know it.

A token may be bounded: its role then holds for tasks of some names, of some queues, or of some
names in some queues, and it sees the rest.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import re
import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from umbel.auth.base import Grant, Identity, Role
from umbel.auth.people import ROLES
from umbel.errors import SettingsError, StoreError
from umbel.store.ledger import Ledger, Token

PREFIX: Final = "umbel_"
#: What the name of whoever shows a token begins with.
OWNER: Final = "token:"
#: How many patterns of names, and of queues, a token may be bounded to, and how long one may be.
PATTERNS_MAX: Final = 20
PATTERN_MAX: Final = 200
NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_SECRET_BYTES: Final = 32
_SECRET: Final = re.compile(r"[0-9a-f]{64}")
#: That a token was used is written down at most this often, seconds.
_USED_EVERY_S: Final = 60.0


def make_token(
    ledger: Ledger, name: str, role: Role, *, now: float, expires_s: float | None
) -> str:
    """Keep a new token that is not bounded; see `new_token`."""
    expires = None if expires_s is None else now + expires_s
    shown, _ = new_token(
        [ledger], Token(name=name, role=role, secret_hash="", created=now, expires=expires)
    )
    return shown


def new_token(ledgers: Sequence[Ledger], wanted: Token) -> tuple[str, Token]:
    """Keep a new token, as `wanted` but for its secret, in each of these ledgers or in none: the
    text that is its owner's alone, and what is kept. Raises `SettingsError` for a name or a
    pattern that cannot be, `StoreError` for a name that is taken in one of them."""
    _check(wanted)
    secret = secrets.token_hex(_SECRET_BYTES)
    token = msgspec.structs.replace(wanted, secret_hash=_hash(secret))
    written: list[Ledger] = []
    try:
        for ledger in ledgers:
            ledger.put_token(token)
            written.append(ledger)
    except StoreError:
        for ledger in written:
            with suppress(StoreError):
                ledger.drop_token(token.name)
        raise
    return f"{PREFIX}{token.name}_{secret}", token


def free_name(ledgers: Iterable[Ledger], role: str) -> str:
    """A name for a token that was given none: its role and the first number that is free in all of
    these ledgers."""
    taken = {token.name for ledger in ledgers for token in ledger.tokens()}
    return next(
        name for number in range(1, len(taken) + 2) if (name := f"{role}-{number}") not in taken
    )


def grants_of(token: Token) -> tuple[Grant, ...]:
    """Where the role of a bounded token holds: for each of its names in each of its queues; nothing
    of one that holds for everything."""
    if not (token.names or token.queues):
        return ()
    role: Role = msgspec.convert(token.role, Role)
    return tuple(
        Grant(role=role, name=name, queue=queue, because=f"token {token.name}")
        for name in token.names or (None,)
        for queue in token.queues or (None,)
    )


def described(token: Token) -> str:
    """A token in words, without its secret: `the token ci, an operator of tasks billing.*`."""
    article = "a" if token.role == "viewer" else "an"
    names = f" of tasks {', '.join(token.names)}" if token.names else ""
    queues = f" in queues {', '.join(token.queues)}" if token.queues else ""
    return f"the token {token.name}, {article} {token.role}{names}{queues}"


def _check(wanted: Token) -> None:
    if not NAME.fullmatch(wanted.name):
        raise SettingsError(
            f"A token cannot be named {wanted.name[:60]!r}.",
            setting="name",
            remedy="Use up to 40 small letters, digits and hyphens, such as ci-deploy.",
        )
    for setting, patterns in (("names", wanted.names), ("queues", wanted.queues)):
        if len(patterns) > PATTERNS_MAX:
            raise SettingsError(
                f"A token is bounded to {PATTERNS_MAX} {setting} at most, not {len(patterns):,}.",
                setting=setting,
                remedy="Use * for any characters, such as billing.*, or make several tokens.",
            )
        for pattern in patterns:
            if not (0 < len(pattern) <= PATTERN_MAX and pattern.isprintable()):
                raise SettingsError(
                    f"A token cannot be bounded to {pattern[:60]!r}.",
                    setting=setting,
                    remedy=f"Write a pattern of up to {PATTERN_MAX} characters, such as billing.*.",
                )


class Tokens:
    """Checks API tokens against the ledger. Any thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._nobody = _hash(secrets.token_hex(_SECRET_BYTES))
        #: When it was last tried to write down that a token was used, by its name.
        self._noted: dict[str, float] = {}

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
        bounded = grants_of(stored)
        return Identity(
            name=f"{OWNER}{stored.name}",
            role="viewer" if bounded else msgspec.convert(stored.role, Role),
            token=stored.name,
            bounded=bounded,
            because=f"token {stored.name}",
        )

    def _note(self, token: Token, now: float) -> None:
        """A ledger that cannot be written must not lock out who may read, nor hold them up each
        time."""
        last = max(token.last_used or -math.inf, self._noted.get(token.name, -math.inf))
        if not now - _USED_EVERY_S <= last <= now:
            self._noted[token.name] = now
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
