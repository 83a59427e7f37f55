"""When a provider is asked again who somebody is, and which requests wait for its answer.

Theory of operation. A session whose provider was last asked `CHECK_AFTER_S` ago is checked in the
background, beside the request that shows it. Whoever comes back later than `CHECK_BY_S` waits for
the answer, `WAIT_S` at most, so that somebody who was removed is out within the hour, idle or not.
A provider that cannot be asked ends nobody's session: after a failure it is left alone for a while
(backoff), and meanwhile nobody waits. But its word of a whole day ago (`TRUST_S`) is not enough:
from then on the session lets nobody in until the provider has answered. It is not ended.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

from umbel.clock import Clock
from umbel.errors import ProviderUnavailable, StoreError
from umbel.store.ledger import LoginSession
from umbel.web.logins.seal import can_ask

log = logging.getLogger("umbel.web")

#: Ages of a provider's word, seconds.
CHECK_AFTER_S: Final = 20 * 60.0
CHECK_BY_S: Final = 55 * 60.0
TRUST_S: Final = 24 * 3_600.0
#: How far the clocks of servers may be apart, seconds.
_AHEAD_S: Final = 300.0
#: How long a request waits for an answer, seconds.
WAIT_S: Final = 2.0
#: How many sessions of one provider are checked at once.
AT_ONCE: Final = 8
#: How long a provider, and one session, is left alone after a failure, at first and at most.
_PROVIDER_RESTS_S: Final = (10.0, 300.0)
_SESSION_RESTS_S: Final = (60.0, 600.0)
_RESTING_MAX: Final = 10_000

#: Asks the provider: the session as it is now, None once it has ended. Raises
#: `ProviderUnavailable` and `StoreError`.
Ask = Callable[[LoginSession], Awaitable[LoginSession | None]]


class _Unknown:
    """There was no answer."""


class LoginChecks:
    """Checks sessions. On the event loop; each session once at a time."""

    def __init__(self, ask: Ask, clock: Clock) -> None:
        self._ask = ask
        self._clock = clock
        self._running: dict[str, asyncio.Task[LoginSession | _Unknown | None]] = {}
        self._slots: dict[str, asyncio.Semaphore] = {}
        self._rests: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def current(self, row: LoginSession) -> LoginSession | None:
        """The session, checked again if it is time; None if it lets nobody in (any more)."""
        age_s = self._clock.now() - row.checked
        if age_s < -_AHEAD_S:  # the clock was put back, and nobody knows how old it is
            age_s = CHECK_BY_S
        if not can_ask(row.tokens) or age_s < CHECK_AFTER_S:
            return row
        unchecked = row if age_s < TRUST_S else None
        if self._is_resting(row):
            return unchecked
        check = self._running.get(row.id) or self._start(row)
        if age_s < CHECK_BY_S:
            return row
        done, _ = await asyncio.wait({check}, timeout=WAIT_S)
        if not done:
            self._rest(row.provider, _PROVIDER_RESTS_S)
            return unchecked
        found = check.result()
        return unchecked if isinstance(found, _Unknown) else found

    def _start(self, row: LoginSession) -> asyncio.Task[LoginSession | _Unknown | None]:
        check = asyncio.get_running_loop().create_task(self._check(row))
        self._running[row.id] = check
        check.add_done_callback(lambda _: self._running.pop(row.id, None))
        return check

    async def _check(self, row: LoginSession) -> LoginSession | _Unknown | None:
        slots = self._slots.setdefault(row.provider, asyncio.Semaphore(AT_ONCE))
        try:
            async with slots:
                found = await self._ask(row)
        except (ProviderUnavailable, StoreError) as error:
            log.warning("A session of %s could not be checked. %s", row.user, error)
            self._rest(row.provider, _PROVIDER_RESTS_S)
        except Exception:
            log.exception("A session of %s could not be checked.", row.user)
        else:
            self._rests.pop(row.provider, None)
            self._rests.pop(f"session {row.id}", None)
            return found
        self._rest(f"session {row.id}", _SESSION_RESTS_S)
        return _Unknown()

    def _is_resting(self, row: LoginSession) -> bool:
        now = self._clock.monotonic()
        return any(
            self._rests.get(key, (0.0, 0.0))[0] > now for key in (row.provider, f"session {row.id}")
        )

    def _rest(self, key: str, bounds: tuple[float, float]) -> None:
        """Leave it alone, twice as long as the last time."""
        now = self._clock.monotonic()
        until, before_s = self._rests.get(key, (0.0, 0.0))
        if until > now:
            return
        rests_s = min(bounds[1], max(bounds[0], 2 * before_s))
        self._rests[key] = (now + rests_s, rests_s)
        self._rests.move_to_end(key)
        while len(self._rests) > _RESTING_MAX:
            self._rests.popitem(last=False)
