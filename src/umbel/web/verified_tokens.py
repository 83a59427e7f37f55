"""Signed tokens that were checked a moment ago, so that not every request costs a signature.

A right token is remembered by its hash for a minute at most, and never beyond its own end. What is
wrong is not remembered.
"""

from __future__ import annotations

import binascii
import hashlib
from base64 import urlsafe_b64decode
from collections import OrderedDict
from typing import Final, NamedTuple

import anyio
import msgspec

from umbel.auth.providers.base import Claimed, TokenProvider
from umbel.auth.providers.config import ProviderConfig
from umbel.clock import Clock
from umbel.errors import LoginRefused, ProviderUnavailable

#: How long, and how many, are remembered.
REMEMBERED_S: Final = 60.0
_REMEMBERED: Final = 1_000
#: How long one check may take: the provider may be asked for its address and its keys, 2 s each.
_CHECK_S: Final = 5.0
#: How far apart the clocks of two machines may be.
_SKEW_S: Final = 60.0


class Unverified(msgspec.Struct, frozen=True):
    """What a token says of itself before anybody has checked it: only good to choose who checks
    it, and to forget it in time."""

    iss: str | None = None
    exp: float | None = None


class _Right(NamedTuple):
    """When a right token ends (Unix seconds), until when it is remembered (monotonic), and whose
    it is."""

    expires: float
    forgotten: float
    claimed: Claimed


class VerifiedTokens:
    """The tokens of one provider. On the event loop."""

    def __init__(self, provider: TokenProvider, clock: Clock) -> None:
        self._provider = provider
        self._clock = clock
        self._right: OrderedDict[bytes, _Right] = OrderedDict()

    @property
    def config(self) -> ProviderConfig:
        """The provider's."""
        return self._provider.config

    async def claimed(self, token: str) -> Claimed:
        """Whose it is. Raises `LoginRefused` and `ProviderUnavailable`."""
        key = hashlib.sha256(token.encode()).digest()
        right = self._right.get(key)
        if right is not None and self._lasts(right):
            self._right.move_to_end(key)
            return right.claimed
        self._right.pop(key, None)
        expires = unverified(token).exp
        if expires is None:
            raise LoginRefused("The token does not say when it expires.")
        if expires + _SKEW_S <= self._clock.now():
            raise LoginRefused("The token has expired.")
        found = await self._check(token)
        self._right[key] = _Right(expires, self._clock.monotonic() + REMEMBERED_S, found)
        while len(self._right) > _REMEMBERED:
            self._right.popitem(last=False)
        return found

    def _lasts(self, right: _Right) -> bool:
        # The wall clock may be put back.
        return self._clock.now() < right.expires and self._clock.monotonic() < right.forgotten

    async def _check(self, token: str) -> Claimed:
        try:
            with anyio.fail_after(_CHECK_S):
                return await self._provider.claimed(token)
        except TimeoutError:
            name = self.config.label or self.config.name
            raise ProviderUnavailable(
                f"{name} did not answer in time, so the token could not be checked."
            ) from None


def unverified(token: str) -> Unverified:
    """What stands in it; nothing if it is no token."""
    payload = token.split(".")[1:2]
    try:
        raw = urlsafe_b64decode(payload[0] + "=" * (-len(payload[0]) % 4)) if payload else b"{}"
        return msgspec.json.decode(raw, type=Unverified)
    except (binascii.Error, ValueError, RecursionError):
        return Unverified()
