"""The check of a password that somebody shows: throttled, and in few threads, of which guessers
never take all."""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from umbel.auth.base import Authenticator, Credentials, Identity
from umbel.errors import StoreError
from umbel.services.fair_shares import network_of
from umbel.web.http.problems import Refusal
from umbel.web.login_throttle import LoginThrottle
from umbel.web.second_factor.check import SecondFactorNeeded
from umbel.web.thread_pools import ThreadPool

log = logging.getLogger("umbel.web")

#: How many passwords of strangers are checked at once; each takes 16 MiB and a core. How many
#: checks may wait, together and from one network.
_TRIED_AT_ONCE, _TRIED_MAX, _TRIED_EACH = 2, 20, 4
#: How many checks may wait for clients that logged in from their network before. They have a
#: thread of their own, so that guessers elsewhere cannot keep them out.
_WELCOME_MAX: Final = 20


class TooManyGuesses(Refusal):
    """There were too many wrong passwords, and `why` says so."""

    why = "There were too many wrong passwords."

    def __init__(self, wait_s: int) -> None:
        super().__init__(
            "too-many-logins",
            f"{self.why} Try again in {wait_s} s.",
            headers={"Retry-After": str(wait_s)},
        )


class PasswordCheck:
    """Checks passwords of one server. On the event loop."""

    def __init__(self, throttle: LoginThrottle) -> None:
        self._throttle = throttle
        self._strangers = _checks(_TRIED_AT_ONCE, _TRIED_MAX)
        self._welcome = _checks(1, _WELCOME_MAX)

    async def identify(
        self,
        authenticator: Authenticator,
        credentials: Credentials,
        address: str,
        *,
        after: Callable[[Identity], Awaitable[None]],
    ) -> Identity | None:
        """Whose name and password these are, shown from `address`; None if nobody's. `after` the
        right password comes what else is asked for, and raises if it is not shown. Raises
        `Refusal`: `TooManyGuesses` after too many wrong ones."""
        is_welcome = self._throttle.is_welcome(address, credentials.user or "")
        if not is_welcome or not authenticator.is_remembered(credentials):
            return await self._try(authenticator, credentials, address, after, is_welcome)
        identity = authenticator.identify(credentials)
        if identity is not None:
            await after(identity)
        return identity

    async def _try(
        self,
        authenticator: Authenticator,
        credentials: Credentials,
        address: str,
        after: Callable[[Identity], Awaitable[None]],
        is_welcome: bool,
    ) -> Identity | None:
        user = credentials.user or ""
        wait_s = self._throttle.begin(address, user)
        if wait_s is not None:
            raise TooManyGuesses(wait_s)
        checks = self._welcome if is_welcome else self._strangers
        check = functools.partial(authenticator.identify, credentials)
        try:
            identity = await checks.run(check, network_of(address))
        except Refusal:  # too many wait: nothing was tried
            self._throttle.take_back(address, user)
            raise
        if identity is None:
            log.warning("A wrong name or password was tried from %s.", address)
            return None
        try:
            await after(identity)
        except (SecondFactorNeeded, StoreError):  # nothing was guessed
            self._throttle.take_back(address, user)
            raise
        self._throttle.right(address, user)
        return identity


def _checks(threads: int, most: int) -> ThreadPool:
    busy = "Too many passwords are being checked."
    return ThreadPool(threads, each=1, waiting_each=_TRIED_EACH, waiting_max=most, busy=busy)
