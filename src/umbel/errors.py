"""Every exception that Umbel raises on purpose.

    UmbelError
    ├── SettingsError            a setting is unknown, malformed or contradictory
    ├── QueryError               a search text cannot be understood (position, suggestion)
    ├── EventError               one message or event cannot be decoded
    ├── StoreError
    │   ├── StoreBusy            another Umbel writes to this directory
    │   ├── StoreTooNew          the directory was written by a newer Umbel
    │   ├── StoreUnwritable      permissions, a full disk, a vanished mount
    │   ├── StoreCorrupt         a file is damaged
    │   └── CursorError          a paging cursor is not one of ours, or has expired
    ├── BrokerError
    │   ├── BrokerRefused        wrong credentials, virtual host or arguments
    │   └── BrokerUnreachable    nothing answers
    └── TooManyStreams           no further live view is given now

Each carries a sentence that says what happened, and `remedy`, a sentence that says what
to do next. `retriable` tells whether the same call can succeed later without anyone
changing anything.

One more stands elsewhere: `web.problems.Refusal` is an answer of HTTP, made and caught in
`web` alone.
"""

from __future__ import annotations


class UmbelError(Exception):
    """Base of all. `str(error)` is the whole message for a person."""

    retriable = False

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(f"{message} {remedy}".strip())
        self.message = message
        self.remedy = remedy


class SettingsError(UmbelError):
    """A setting is unknown, malformed or contradicts another."""

    def __init__(self, message: str, *, setting: str = "", remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.setting = setting


class QueryError(UmbelError):
    """A search text cannot be understood.

    `position` and `end` are offsets in characters into the text; `suggestion` is the
    nearest right word, or None.
    """

    def __init__(
        self, message: str, *, position: int, end: int, suggestion: str | None = None
    ) -> None:
        remedy = f"Did you mean {suggestion}?" if suggestion else ""
        super().__init__(message, remedy=remedy)
        self.position = position
        self.end = end
        self.suggestion = suggestion


class EventError(UmbelError):
    """A message or an event that cannot be decoded. `reason` is a short, countable word."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class StoreError(UmbelError):
    """The store cannot do what was asked."""


class StoreBusy(StoreError):
    """Another process writes to this data directory."""

    retriable = True


class StoreTooNew(StoreError):
    """The data directory was written by a newer Umbel."""


class StoreUnwritable(StoreError):
    """The data directory cannot be written: permissions, a full disk, a vanished mount."""

    retriable = True


class StoreCorrupt(StoreError):
    """A file in the data directory is damaged."""


class CursorError(StoreError):
    """A paging cursor that this store did not give, or whose rows have expired."""


class BrokerError(UmbelError):
    """The broker cannot do what was asked."""

    retriable = True


class BrokerRefused(BrokerError):
    """The broker answered and said no: credentials, virtual host, arguments."""


class BrokerUnreachable(BrokerError):
    """Nothing answers at the broker's address."""


class TooManyStreams(UmbelError):
    """No further live view is given now."""

    retriable = True
