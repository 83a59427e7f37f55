"""How many requests are open at once: together, of each person, and of strangers.

A request takes its slot after authentication (`authorization.Guard`), and gives it up while its
body is still on its way, so that slow checks and slow senders keep nobody out. People count by
name, tokens by cluster and name; strangers, and everybody where there is no login, by network.
Probes take no slot, and a live stream gives its slot back: streams have a bound of their own.
"""

from __future__ import annotations

from collections import Counter
from typing import Final, NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from umbel.services.fair_shares import (
    network_of,
    release,
    reset_asker,
    reset_target_cluster,
    set_asker,
    set_target_cluster,
)
from umbel.web.cluster_addresses import cluster_of
from umbel.web.http.problems import Refusal, too_busy
from umbel.web.http.scopes import address_of, path_of
from umbel.web.principal import Principal

#: How many requests may be open at once, and how many of them of one person.
OPEN_MAX: Final = 500
OPEN_EACH: Final = 125
#: The same of strangers, so that they cannot take all slots.
STRANGERS_MAX: Final = 250
STRANGERS_EACH: Final = 50
#: What tells whether this server lives, which must be told whoever else asks.
PROBES: Final = frozenset({"/livez", "/readyz", "/healthcheck"})


class Requester(NamedTuple):
    """Whose request it is: `who` is the key that counts, `admitted` whether `Guard` let them in."""

    who: str
    admitted: bool


class RequestSlots:
    """All slots of one server. On the event loop."""

    def __init__(self) -> None:
        self._taken: Counter[Requester] = Counter()
        self._strangers = 0

    def take(self, requester: Requester) -> None:
        """Take one slot. Raises `Refusal` if none is free, and then none is taken."""
        each = OPEN_EACH if requester.admitted else STRANGERS_EACH
        if self._taken.total() >= OPEN_MAX:
            raise no_room(f"{OPEN_MAX} requests are open")
        if self._taken[requester] >= each:
            raise no_room(f"{each} requests of yours are open")
        if not requester.admitted and self._strangers >= STRANGERS_MAX:
            raise no_room(f"{STRANGERS_MAX} requests are open of people who are not logged in")
        self._taken[requester] += 1
        self._strangers += not requester.admitted

    def leave(self, requester: Requester) -> None:
        """Give one slot back."""
        release(self._taken, requester)
        self._strangers -= not requester.admitted


class RequestSlot:
    """The slot of one request, which it may give back for a while, or for good."""

    def __init__(self, slots: RequestSlots, requester: Requester) -> None:
        self._slots = slots
        self._taken = False
        self.requester = requester

    def take(self) -> None:
        """Take it, unless it is taken. Raises `Refusal`."""
        if not self._taken:
            self._slots.take(self.requester)
            self._taken = True

    def leave(self) -> None:
        """Leave it, if it is taken."""
        if self._taken:
            self._slots.leave(self.requester)
            self._taken = False


class RequestSlotMiddleware:
    """Gives each request a slot, and sets whose work it is and, of `several` clusters, for which
    (`services.fair_shares`)."""

    def __init__(self, app: ASGIApp, *, slots: RequestSlots, several: bool = False) -> None:
        self._app = app
        self._slots = slots
        self._several = several

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        requester = requester_of(scope)
        before = set_asker(requester.who)
        cluster = set_target_cluster((cluster_of(scope) or "") if self._several else "")
        try:
            if path_of(scope) in PROBES:
                await self._app(scope, receive, send)
            else:
                await self._in_slot(scope, receive, send, RequestSlot(self._slots, requester))
        finally:
            reset_target_cluster(cluster)
            reset_asker(before)

    async def _in_slot(self, scope: Scope, receive: Receive, send: Send, slot: RequestSlot) -> None:
        slot.take()
        scope["umbel.slot"] = slot
        try:
            await self._app(scope, receive, send)
        finally:
            slot.leave()


def requester_of(scope: Scope) -> Requester:
    """Whose request this is."""
    principal: Principal | None = scope.get("umbel.principal")
    if principal is None or principal.how == "anonymous":
        return Requester(f"address {network_of(address_of(scope))}", principal is not None)
    who = f"{principal.cluster} {principal.name}" if principal.cluster else principal.name
    return Requester(f"name {who}", admitted=True)


def leave_slot(scope: Scope) -> None:
    """The request counts no longer as open."""
    slot: RequestSlot | None = scope.get("umbel.slot")
    if slot is not None:
        slot.leave()


def no_room(why: str) -> Refusal:
    """The refusal of what there is no room for now."""
    return too_busy(f"{why}, and more are not taken.")
