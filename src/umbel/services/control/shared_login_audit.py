"""The login audit of a server with several clusters.

People log in once for all clusters, so a login, a logout and a wrong password concern each of them,
whichever page they came from. Who logs in and out stands in the audit of every cluster in which
they have a role, and of the first where they have none; what a stranger tried stands in all. Where
people of a provider have a role does not follow from their names, so the caller names the clusters.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from umbel.auth.base import Actor
from umbel.services.control.login_audit import Clusters, LoginAudit


class SharedLoginAudit:
    """Writes to `audits`, by the names of clusters; `members` are the people of each, None for
    everybody. Any thread."""

    def __init__(
        self, audits: Mapping[str, LoginAudit], members: Mapping[str, Collection[str] | None]
    ) -> None:
        self._audits = audits
        self._members = members

    def logged_in(self, actor: Actor, because: str = "", clusters: Clusters = None) -> None:
        """See `LoginAudit`."""
        for each in self._of(actor.name, clusters):
            each.logged_in(actor, because)

    def logged_out(self, actor: Actor, why: str = "", clusters: Clusters = None) -> None:
        """See `LoginAudit`."""
        for each in self._of(actor.name, clusters):
            each.logged_out(actor, why)

    def session_ended(
        self, actor: Actor, user: str, why: str = "", clusters: Clusters = None
    ) -> None:
        """See `LoginAudit`."""
        for each in self._of(user, clusters):
            each.session_ended(actor, user, why)

    def login_refused(self, actor: Actor, target: str, why: str) -> None:
        """See `LoginAudit`."""
        for each in self._audits.values():
            each.login_refused(actor, target, why)

    def noted(self, actor: Actor, action: str, target: str) -> None:
        """See `LoginAudit`."""
        for each in self._of(actor.name):
            each.noted(actor, action, target)

    def password_refused(self, actor: Actor, name: str, why: str) -> None:
        """See `LoginAudit`."""
        for each in self._audits.values():
            each.password_refused(actor, name, why)

    def token_refused(self, actor: Actor, token: str | None, why: str) -> None:
        """See `LoginAudit`; of a token that was shown to the server as a whole."""
        for each in self._audits.values():
            each.token_refused(actor, token, why)

    def permission_refused(self, actor: Actor, target: str, why: str) -> None:
        """See `LoginAudit`; of what was asked of the server as a whole."""
        for each in self._of(actor.name):
            each.permission_refused(actor, target, why)

    def _of(self, person: str, clusters: Clusters = None) -> Iterator[LoginAudit]:
        if clusters is None:
            clusters = [
                name
                for name, members in self._members.items()
                if members is None or person in members
            ]
        names = [name for name in clusters if name in self._audits]
        return (self._audits[name] for name in names or [*self._audits][:1])
