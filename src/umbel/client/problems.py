"""Problems that a server answers, as the errors that they were."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from umbel.errors import (
    ActionRefused,
    AlertUnknown,
    BrokerError,
    CapabilityMissing,
    CursorError,
    DeployUnknown,
    EntryUnknown,
    ErrorUnknown,
    NotPermitted,
    NotSupported,
    ProviderUnavailable,
    QueryError,
    QueueUnknown,
    ResultsUnavailable,
    ScheduleUnavailable,
    SearchUnknown,
    ServerError,
    ServerUnreachable,
    StoreError,
    TaskUnknown,
    TooManyStreams,
    UmbelError,
    UnknownAction,
)

_URN: Final = "urn:umbel:problem:"


class _Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What of a problem is needed here (RFC 9457)."""

    type: str
    detail: str
    parameter: str | None = None
    position: int | None = None
    end: int | None = None
    suggestion: str | None = None


_ERRORS: Final[dict[str, Callable[[str], UmbelError]]] = {
    "bad-cursor": CursorError,
    "unknown-task": TaskUnknown,
    "unknown-action": UnknownAction,
    "unknown-error": ErrorUnknown,
    "unknown-deploy": DeployUnknown,
    "unknown-entry": EntryUnknown,
    "unknown-queue": QueueUnknown,
    "unknown-alert": AlertUnknown,
    "unknown-search": SearchUnknown,
    "refused": ActionRefused,
    "not-permitted": NotPermitted,
    "not-logged-in": NotPermitted,
    "no-entry": NotPermitted,
    "forged-identity": NotPermitted,
    "second-factor-needed": NotPermitted,
    "second-factor-missing": NotPermitted,
    "cross-site": NotPermitted,
    "another-person": NotPermitted,
    "not-supported": NotSupported,
    "broker-trouble": BrokerError,
    "provider-trouble": ProviderUnavailable,
    "results-trouble": ResultsUnavailable,
    "schedule-trouble": ScheduleUnavailable,
    "store-trouble": StoreError,
    "too-many-streams": TooManyStreams,
}


def error_of(status: int, body: bytes, url: str) -> UmbelError:
    """The error that an answer other than 2xx tells."""
    try:
        problem = msgspec.json.decode(body, type=_Problem)
    except msgspec.MsgspecError:
        problem = None
    if problem is None or not problem.type.startswith(_URN):
        return _foreign(status, url)
    kind = problem.type.removeprefix(_URN)
    if kind == "bad-query":
        position, end = problem.position or 0, problem.end or 0
        error = QueryError(problem.detail, position=position, end=end)
        error.suggestion = problem.suggestion
        return error
    if kind == "not-in-store":
        return CapabilityMissing(problem.detail, parameter=problem.parameter or "")
    if kind == "bad-body":
        return ActionRefused(problem.detail, field=problem.parameter)
    made = _ERRORS.get(kind)
    if made is not None:
        raised = made(problem.detail)
        if isinstance(raised, NotPermitted):
            raised.is_stranger = kind == "not-logged-in"
        return raised
    return ServerError(problem.detail, kind=kind, status=status)


def _foreign(status: int, url: str) -> UmbelError:
    if status in (401, 403):
        return NotPermitted(
            f"{url} refuses without saying why (HTTP {status}).",
            remedy="Give a token or a password.",
        )
    return ServerUnreachable(
        f"What answers at {url} is no Umbel (HTTP {status}).",
        remedy="Check the address, and the prefix under which a proxy shows it.",
    )
