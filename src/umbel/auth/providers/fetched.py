"""What a provider publishes about itself, fetched when it is needed and kept for an hour."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from umbel.clock import Clock
from umbel.errors import ProviderUnavailable

T = TypeVar("T")
#: Fetched again when it is older, seconds.
FRESH_S: Final = 3_600.0
#: Used no longer than that if it cannot be fetched, seconds.
STALE_S: Final = 24 * 3_600.0
#: A fetch that failed is not tried again before, seconds.
RETRY_S: Final = 2.0
#: So often in a minute it is fetched because something is missing in it.
_RENEWALS: Final = 5
_RENEWALS_S: Final = 60.0


class Fetched(Generic[T]):
    """One fetch at a time, whoever asks (singleflight). On one event loop."""

    def __init__(self, fetch: Callable[[], Awaitable[T]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = asyncio.Lock()
        self._value: T | None = None
        self._at = 0.0
        self._failure: ProviderUnavailable | None = None
        self._failed_at = 0.0
        self._renewals: deque[float] = deque()

    async def get(self) -> T:
        """It, as of the last hour; older, up to a day, while the provider is down. Raises
        `ProviderUnavailable`."""
        value = self._of_age(FRESH_S)
        if value is not None:
            return value
        async with self._lock:
            return self._of_age(FRESH_S) or await self._renew()

    async def renewed(self, old: T) -> T:
        """It, fetched again because something is missing in `old`, as a new key; `old` itself if
        that was done too often. Raises `ProviderUnavailable`."""
        async with self._lock:
            if self._value is not None and self._value is not old:
                return self._value
            now = self._clock.monotonic()
            while self._renewals and now - self._renewals[0] > _RENEWALS_S:
                self._renewals.popleft()
            if len(self._renewals) >= _RENEWALS:
                return old
            self._renewals.append(now)
            return await self._renew()

    async def _renew(self) -> T:
        now = self._clock.monotonic()
        if self._failure is None or now - self._failed_at >= RETRY_S:
            try:
                self._value, self._at, self._failure = await self._fetch(), now, None
            except ProviderUnavailable as error:
                self._failure, self._failed_at = error, now
        value = self._of_age(STALE_S)
        if value is not None:
            return value
        failure = self._failure
        assert failure is not None  # noqa: S101
        raise ProviderUnavailable(failure.message, remedy=failure.remedy)

    def _of_age(self, most_s: float) -> T | None:
        is_there = self._value is not None and self._clock.monotonic() - self._at < most_s
        return self._value if is_there else None
