"""Which connections are open, and which of them makes room for a new one.

Every connection counts from the moment it is accepted, whatever it does then: its handshake, half
a head, a body that comes byte by byte. One that is not being answered is *waiting*. When there
are too many, the one that has waited longest is ended for the new one; and since a single client
could so end everybody else's, none has more than its share: beyond it, it ends its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Protocol


class Peer(Protocol):
    """The other end of a connection."""

    def end(self) -> None:
        """Close the connection at once, whatever state it is in."""


class ConnectionTable:
    """See the module. `most` connections at once, `share` of them from one client. On the event
    loop."""

    def __init__(self, most: int, share: int) -> None:
        self.most = most
        self._share = share
        self._clients: dict[Peer, str | None] = {}
        self._counts: Counter[str] = Counter()
        self._waiting: dict[Peer, None] = {}
        self._waiting_of: defaultdict[str, dict[Peer, None]] = defaultdict(dict)

    def __len__(self) -> int:
        return len(self._clients)

    def enter(self, peer: Peer, client: str | None) -> bool:
        """Take in a new connection of `client` (None: of many people, without a share), which
        begins to wait. False if there is no room, since all are being answered."""
        if client is not None and self._counts[client] >= self._share:
            if not self._end_longest(self._waiting_of[client]):
                return False
        elif len(self) >= self.most and not self.make_room():
            return False
        self._clients[peer] = client
        if client is not None:
            self._counts[client] += 1
        self.wait(peer)
        return True

    def wait(self, peer: Peer) -> None:
        """It waits from now on: for a request, or for more of one."""
        if peer not in self._clients:
            return
        self.work(peer)
        self._waiting[peer] = None
        client = self._clients[peer]
        if client is not None:
            self._waiting_of[client][peer] = None

    def work(self, peer: Peer) -> None:
        """It is being answered."""
        self._waiting.pop(peer, None)
        client = self._clients.get(peer)
        if client is not None:
            self._waiting_of[client].pop(peer, None)

    def leave(self, peer: Peer) -> None:
        """It is closed, or will be in a moment."""
        self.work(peer)
        client = self._clients.pop(peer, None)
        if client is not None:
            self._counts[client] -= 1
            if not self._counts[client]:
                del self._counts[client]
                del self._waiting_of[client]

    def make_room(self) -> bool:
        """End the one that has waited longest; False if none waits."""
        return self._end_longest(self._waiting)

    def _end_longest(self, waiting: dict[Peer, None]) -> bool:
        longest = next(iter(waiting), None)
        if longest is None:
            return False
        self.leave(longest)  # at once: many come before it has ended
        longest.end()
        return True
