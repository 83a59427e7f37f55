"""How many requests are open at once: together, of each person, and of strangers.

A request takes its place when it is known who asks, so that nobody who only finds that out for
us, or sends a body slowly, is in anybody's way. People count by name, and strangers, as everybody
where there is no login, by network. Probes take no place, and a live stream gives its own back:
the bound of streams is another one.
"""

from __future__ import annotations

from collections import Counter
from typing import Final, NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from umbel.services.fair_shares import network_of, release, reset_asker, set_asker
from umbel.web.authentication import Known, address_of, path_of
from umbel.web.http.problems import Refusal, too_busy

#: How many requests may be open at once, and how many of them of one person.
OPEN_MAX: Final = 500
OPEN_EACH: Final = 125
#: The same of those who are not known: who is known always finds a place.
STRANGERS_MAX: Final = 250
STRANGERS_EACH: Final = 50
#: What tells whether this server lives, which must be told whoever else asks.
PROBES: Final = frozenset({"/livez", "/readyz", "/healthcheck"})


class Asking(NamedTuple):
    """Whose request it is; `known` where somebody was let in."""

    who: str
    known: bool


class Places:
    """The places of one server. On the event loop."""

    def __init__(self) -> None:
        self._taken: Counter[Asking] = Counter()
        self._strangers = 0

    def take(self, asking: Asking) -> None:
        """One more. Raises `Refusal` if there is no place, and then none is taken."""
        each = OPEN_EACH if asking.known else STRANGERS_EACH
        if self._taken.total() >= OPEN_MAX:
            raise no_room(f"{OPEN_MAX} requests are open")
        if self._taken[asking] >= each:
            raise no_room(f"{each} requests of yours are open")
        if not asking.known and self._strangers >= STRANGERS_MAX:
            raise no_room(f"{STRANGERS_MAX} requests are open of people who are not logged in")
        self._taken[asking] += 1
        self._strangers += not asking.known

    def leave(self, asking: Asking) -> None:
        """One less."""
        release(self._taken, asking)
        self._strangers -= not asking.known


class Place:
    """The place of one request, which it may leave for a while, or for good."""

    def __init__(self, places: Places, asking: Asking) -> None:
        self._places = places
        self._taken = False
        self.asking = asking

    def take(self) -> None:
        """Take it, unless it is taken. Raises `Refusal`."""
        if not self._taken:
            self._places.take(self.asking)
            self._taken = True

    def leave(self) -> None:
        """Leave it, if it is taken."""
        if self._taken:
            self._places.leave(self.asking)
            self._taken = False


class Placed:
    """Gives each request a place, and says who asks to what it does (`services.askers`)."""

    def __init__(self, app: ASGIApp, *, places: Places) -> None:
        self._app = app
        self._places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asking = asking_of(scope)
        before = set_asker(asking.who)
        try:
            if path_of(scope) in PROBES:
                await self._app(scope, receive, send)
            else:
                await self._in_place(scope, receive, send, Place(self._places, asking))
        finally:
            reset_asker(before)

    async def _in_place(self, scope: Scope, receive: Receive, send: Send, place: Place) -> None:
        place.take()
        scope["umbel.place"] = place
        try:
            await self._app(scope, receive, send)
        finally:
            place.leave()


def asking_of(scope: Scope) -> Asking:
    """Whose request this is."""
    known: Known | None = scope.get("umbel.known")
    if known is None or known.how == "anonymous":
        return Asking(f"address {network_of(address_of(scope))}", known is not None)
    return Asking(f"name {known.name}", known=True)


def leave_place(scope: Scope) -> None:
    """The request counts no longer as open."""
    place: Place | None = scope.get("umbel.place")
    if place is not None:
        place.leave()


def no_room(why: str) -> Refusal:
    """The refusal of what there is no room for now."""
    return too_busy(f"{why}, and more are not taken.")
