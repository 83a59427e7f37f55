"""The parts of logins by providers, which the endpoints share; one of each in a server."""

from __future__ import annotations

from typing import Final

from umbel.auth.providers.config import ProviderConfig
from umbel.clock import Clock
from umbel.web.logins.attempts import LoginAttempts
from umbel.web.logins.left_mark import LeftMark
from umbel.web.logins.outcome import LoginOutcomes
from umbel.web.logins.provider_sessions import ProviderSessions
from umbel.web.thread_pools import Share

_BUSY: Final = "Too many logins are on their way."
#: How many logins may wait for providers at once, together and from one network: beginning,
#: finishing, and ended by the provider.
_BEGINS: Final = (50, 10)
_FINISHES: Final = (50, 10)
_ENDS: Final = (20, 10)


class Logins:
    """See the module. `has_passwords`: some people log in by a password."""

    def __init__(
        self, key: bytes, clock: Clock, sessions: ProviderSessions, *, has_passwords: bool
    ) -> None:
        self.sessions = sessions
        self.attempts = LoginAttempts(key, clock)
        self.outcomes = LoginOutcomes(key)
        self.left = LeftMark(key)
        self.has_passwords = has_passwords
        self.begins = Share(*_BEGINS, _BUSY)
        self.finishes = Share(*_FINISHES, _BUSY)
        self.ends = Share(*_ENDS, _BUSY)

    @property
    def configs(self) -> tuple[ProviderConfig, ...]:
        """Of the providers that people can be sent to."""
        return tuple(each.config for each in self.sessions.providers.values())

    @property
    def only(self) -> ProviderConfig | None:
        """The provider by which everybody logs in, if there is but one way."""
        return self.configs[0] if len(self.configs) == 1 and not self.has_passwords else None
