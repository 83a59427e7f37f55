"""The contract of notifiers: one message, delivered or refused with why.

`deliver` is called from one thread at a time of each notifier, blocks for `TIMEOUT_S` about, and
returns when the other side has taken the message. What cannot be done raises `DeliveryFailed`,
whose `retriable` says whether the same message can be taken later. A message that was taken may
come again with the same id (at least once): a process can die between the two.
"""

from __future__ import annotations

from typing import Final, Literal, Protocol

import msgspec

#: How long the other side has to take a message, seconds.
TIMEOUT_S: Final = 10.0

#: The kind of a message about what is over.
RESOLVED: Final = "resolved"

NotifierKind = Literal["webhook", "slack", "email", "apprise"]


class AlertMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What people are told. `kind` is why (`fired`, `resolved`, `escalated`, `test`), `rule` the id
    and `name` the name of the rule, both empty for a test; `alerts` are the ids of what it tells,
    `link` the whole address of the page as it was. Times are Unix seconds."""

    id: str
    kind: str
    severity: str
    cluster: str
    rule: str
    title: str
    text: str
    link: str
    at: float
    alerts: tuple[str, ...] = ()
    name: str = ""


class Notifier(Protocol):
    """See the module's docstring."""

    def deliver(self, message: AlertMessage) -> None:
        """Raises `DeliveryFailed`."""


class NotifierConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A table `[alerts.notifiers.NAME]`. `url` is the address of a webhook, of a mail server
    (`smtp://user:password@host:587`) or of apprise; `secret` signs webhooks; `sender` and `to` are
    addresses of mail. `title` and `text` are templates (`$title`, `$text`, `$link`, `$rule`,
    `$severity`, `$cluster`, `$kind`)."""

    name: str
    kind: NotifierKind
    url: str
    secret: str | None = None
    sender: str = ""
    to: tuple[str, ...] = ()
    title: str = ""
    text: str = ""

    def __repr__(self) -> str:
        return f"NotifierConfig(name={self.name!r}, kind={self.kind!r})"
