"""Logins on their way to a provider and back, each in a cookie of its own.

One random secret makes the state, the nonce and the verifier of PKCE, each by the key of sessions:
nothing is kept here of logins that nobody finishes, any server that shares the key takes the
browser back, and each tab has its own. A callback counts only with the cookie of its state, in the
browser that began (login CSRF, code injection), for the provider that it began with (mix-up).
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Final

import msgspec
from starlette.responses import Response
from starlette.types import Scope

from umbel.auth.providers.base import LoginAttempt
from umbel.clock import Clock
from umbel.web.http.cookies import cookie, cookie_names, set_cookie
from umbel.web.http.signed_values import SignedValues

#: How long a login may take, at the provider's, seconds.
LIFETIME_S: Final = 600
#: How many logins of one browser may be on their way; then the first are forgotten.
TABS_MAX: Final = 6
#: What the names of its cookies end in, and how many are forgotten at once.
_DIGITS: Final = re.compile(r"[0-9a-f]{16}")
_FORGOTTEN_MAX: Final = 50
#: The longest address that somebody is led back to.
_NEXT_MAX: Final = 1_000


class PendingLogin(msgspec.Struct, frozen=True, array_like=True):
    """A cookie's content. `is_own_address`: the callback is that of the provider's own name, and
    not one of the settings. `next` is a path of ours (`own_path`) below `root`."""

    provider: str
    secret: str
    redirect_uri: str
    is_own_address: bool
    root: str
    next: str
    expires: float


class LoginAttempts:
    """Begins logins, and finds them again by their state. Any thread."""

    def __init__(self, key: bytes, clock: Clock) -> None:
        self._values = SignedValues(key, "login attempt")
        self._clock = clock
        self._name = f"umbel_{hashlib.sha256(b'attempt' + key).hexdigest()[:8]}_login_"

    def begin(
        self, provider: str, redirect_uri: str, *, is_own_address: bool, root: str, target: str
    ) -> PendingLogin:
        """A new one."""
        return PendingLogin(
            provider=provider,
            secret=secrets.token_urlsafe(32),
            redirect_uri=redirect_uri,
            is_own_address=is_own_address,
            root=root,
            next=target if len(target) <= _NEXT_MAX else "",
            expires=self._clock.now() + LIFETIME_S,
        )

    def attempt(self, pending: PendingLogin) -> LoginAttempt:
        """What the provider is sent, and asked with."""
        return LoginAttempt(
            state=self._values.derive("state", pending.secret),
            nonce=self._values.derive("nonce", pending.secret),
            verifier=self._values.derive("verifier", pending.secret),
            redirect_uri=pending.redirect_uri,
        )

    def find(self, scope: Scope, state: str) -> PendingLogin | None:
        """The login of this browser with this state; None if there is none, or no longer."""
        value = cookie(scope, self._cookie(scope, state))
        body = self._values.read(value) if value else None
        if body is None:
            return None
        try:
            pending = msgspec.json.decode(body, type=PendingLogin)
        except msgspec.MsgspecError:  # of an older or newer Umbel with the same key
            return None
        if pending.expires <= self._clock.now():
            return None
        same = secrets.compare_digest(
            self._values.derive("state", pending.secret).encode(),
            state.encode("utf-8", "surrogatepass"),
        )
        return pending if same else None

    def keep(self, response: Response, scope: Scope, pending: PendingLogin) -> None:
        """Let the browser keep it, and forget those that are too many."""
        state = self.attempt(pending).state
        for name in self._too_many(scope):
            _set(response, scope, name, "", 0)
        value = self._values.write(msgspec.json.encode(pending))
        _set(response, scope, self._cookie(scope, state), value, LIFETIME_S)

    def _too_many(self, scope: Scope) -> list[str]:
        """The oldest of its cookies; names that are none of ours, which others may have set, are
        left alone. They are told apart however many bytes of cookies came: past the bound none
        is read, and nobody could log in until they end."""
        prefix = self._prefix(scope)
        names = [
            name
            for name in cookie_names(scope, prefix)
            if _DIGITS.fullmatch(name.removeprefix(prefix))
        ]
        return names[: -TABS_MAX + 1][:_FORGOTTEN_MAX]

    def forget(self, response: Response, scope: Scope, state: str) -> None:
        """Let the browser forget it."""
        _set(response, scope, self._cookie(scope, state), "", 0)

    def _cookie(self, scope: Scope, state: str) -> str:
        digest = hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()
        return self._prefix(scope) + digest[:16]

    def _prefix(self, scope: Scope) -> str:
        # With this prefix no other host of the domain can set it (RFC 6265bis, 4.1.3.2).
        return ("__Host-" if scope["scheme"] == "https" else "") + self._name


def _set(response: Response, scope: Scope, name: str, value: str, max_age_s: int) -> None:
    """Of the whole host, as the callback may have an address that only a proxy knows."""
    set_cookie(response, scope, name, value, max_age_s, path="/")
