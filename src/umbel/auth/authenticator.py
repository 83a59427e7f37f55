"""The authenticator: checks passwords from the settings, and API tokens of the ledger.

A name that does not exist takes as long as a wrong password. What was right once is
remembered for the life of the process under a keyed hash, so that clients that send their
password with every request, as Flower's do, cost scrypt only the first time.

Rules with `provider = "password"` are asked before the role of somebody's entry: what the first of
them gives (`auth.rules`) counts in its place, also in a cluster that does not name them.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from copy import copy
from typing import Final

import msgspec

from umbel.auth.base import AccountState, Credentials, Identity, Role
from umbel.auth.passwords import HashedPassword, Password, nobody, parse_password
from umbel.auth.people import Person
from umbel.auth.rules import PASSWORD, Decision, Rule, decide
from umbel.auth.tokens import Tokens
from umbel.clock import Clock

#: How many right passwords are remembered, and how long one may be, in characters.
_REMEMBERED: Final = 1_000
_PASSWORD_MAX: Final = 1_000


class PeopleAndTokens:
    """See `Authenticator`. `key` is a secret of the server: the stamps of its users are made with
    it. `rules` are those of the settings, `clusters` the names of all clusters that they are for;
    those of other providers concern nobody here."""

    def __init__(
        self,
        people: Mapping[str, Person],
        tokens: Tokens | None,
        clock: Clock,
        key: bytes,
        *,
        rules: Iterable[Rule] = (),
        clusters: Iterable[str] = (),
    ) -> None:
        self._people = dict(people)
        self._stamp_key = key
        self._tokens = tokens
        self._clock = clock
        hashed = any(isinstance(person.password, HashedPassword) for person in people.values())
        self._decoy = nobody() if hashed else None
        self._nobody: Password = self._decoy or parse_password(secrets.token_hex(32))
        self._key = secrets.token_bytes(32)
        self._right: OrderedDict[bytes, None] = OrderedDict()
        self._lock = threading.Lock()
        self._roles: Mapping[str, Role] | None = None
        self._rules = tuple(each for each in rules if each.provider == PASSWORD)
        self._clusters = tuple(clusters)
        self._cluster = ""

    def of_cluster(
        self, tokens: Tokens, roles: Mapping[str, Role] | None, name: str = ""
    ) -> PeopleAndTokens:
        """The same people with their `roles` in the cluster `name`, by name: who is not named there
        is a stranger; None is as everywhere. A password that was right in one is right in all."""
        other = copy(self)
        other._cluster = name
        other._tokens = tokens
        other._roles = roles
        return other

    def identify(self, credentials: Credentials) -> Identity | None:
        if credentials.token is not None:
            if self._tokens is None:
                return None
            return self._tokens.identify(credentials.token, self._clock.now())
        user, password = credentials.user or "", credentials.password or ""
        if len(password) > _PASSWORD_MAX or not self._is_right(user, password):
            return None
        person = self._people[user]
        return self._identity(person)

    def is_remembered(self, credentials: Credentials) -> bool:
        mark = self._mark(credentials.user or "", credentials.password or "")
        with self._lock:
            return mark in self._right

    def account_state(self, user: str) -> AccountState | None:
        person = self._people.get(user)
        if person is None:
            return None
        # Keyed, since the stamp leaves in cookies: of a plain password a bare hash would let
        # whoever has a cookie try words at home.
        account = b"stamp:" + msgspec.json.encode(person) + self._ruled(person)
        stamp = hmac.new(self._stamp_key, account, hashlib.sha256).hexdigest()[:32]
        return AccountState(self._identity(person), stamp)

    def _ruled(self, person: Person) -> bytes:
        """What rules give this person in all clusters, nothing if none concerns them."""
        found = [self._decision(person, name) for name in self._clusters]
        if not any(each.grants or each.because for each in found):
            return b""
        return msgspec.json.encode(
            [
                [(grant.role, grant.name, grant.queue) for grant in each.grants]
                or bool(each.because)
                for each in found
            ]
        )

    def _decision(self, person: Person, cluster: str) -> Decision:
        return decide(self._rules, PASSWORD, {"name": person.name}, cluster)

    def _identity(self, person: Person) -> Identity:
        decision = self._decision(person, self._cluster)
        if decision.grants:
            whole, *bounded = decision.grants
            because = whole.because
            return Identity(
                name=person.name, role=whole.role, bounded=tuple(bounded), because=because
            )
        if decision.because:
            because = decision.because
            return Identity(name=person.name, role=person.role, is_stranger=True, because=because)
        if self._roles is None:
            because = f"the entry of {person.name} in the settings"
            return Identity(name=person.name, role=person.role, because=because)
        role = self._roles.get(person.name)
        if role is None:
            return Identity(name=person.name, role=person.role, is_stranger=True)
        because = f"clusters.{self._cluster}.roles in the settings"
        return Identity(name=person.name, role=role, because=because)

    def _is_right(self, user: str, password: str) -> bool:
        mark = self._mark(user, password)
        with self._lock:
            if mark in self._right:
                self._right.move_to_end(mark)
                return True
        person = self._people.get(user)
        stored = person.password if person else self._nobody
        right = stored.verify(password)
        if self._decoy is not None and not isinstance(stored, HashedPassword):
            self._decoy.verify(password)  # a plain one must not be told by its speed
        if person is None or not right:
            return False
        with self._lock:
            self._right[mark] = None
            while len(self._right) > _REMEMBERED:
                self._right.popitem(last=False)
        return True

    def _mark(self, user: str, password: str) -> bytes:
        shown = f"{len(user)}:{user}{password}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(shown, key=self._key, digest_size=32).digest()
