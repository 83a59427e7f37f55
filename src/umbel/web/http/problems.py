"""Every error has one shape: a problem of RFC 9457, `application/problem+json`.

`KINDS` is the list of all that can happen, with the status of each; the OpenAPI document
and the tests are made from it. `detail` is a sentence for a person that says what happened
and what to do next. Internals (paths, tracebacks, SQL) stay in the log, where `reference`
finds them.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from umbel.bounded_json import encode_json
from umbel.errors import (
    ActionRefused,
    AlertUnknown,
    BrokerError,
    CapabilityMissing,
    CursorError,
    DeployUnknown,
    EntryUnknown,
    ErrorUnknown,
    NameTaken,
    NotPermitted,
    NotSupported,
    ProviderUnavailable,
    QueryError,
    QueueUnknown,
    ResultsUnavailable,
    ScheduleUnavailable,
    SearchUnknown,
    StoreError,
    TooManyPauses,
    TooManyRules,
    TooManySearches,
    TooManyStreams,
    UmbelError,
    UnknownAction,
    ZoneUnknown,
)

log = logging.getLogger("umbel.web")

MEDIA_TYPE = "application/problem+json"
URN = "urn:umbel:problem:"


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong. Members beyond the first four stand only where they say something:
    `position` and `end` (offsets in characters into q) for a query that cannot be understood,
    `parameter` for a wrong parameter or field of a body, `suggestion` for the right word or
    value, `reference` for what the log has more about."""

    type: str
    title: str
    status: int
    detail: str
    parameter: str | None = None
    position: int | None = None
    end: int | None = None
    suggestion: str | None = None
    reference: str | None = None


#: Slug to (status, title).
KINDS: Final[Mapping[str, tuple[int, str]]] = {
    "bad-request": (400, "The request cannot be understood"),
    "bad-parameter": (400, "A parameter is wrong"),
    "bad-query": (400, "The search cannot be understood"),
    "bad-cursor": (400, "The cursor is no longer good"),
    "not-in-store": (400, "This kind of store cannot do that"),
    "bad-body": (400, "The body is wrong"),
    "not-logged-in": (401, "You are not logged in"),
    "forged-identity": (403, "Who this is from cannot be believed"),
    "no-entry": (403, "No rule lets you in"),
    "second-factor-needed": (401, "A second factor is needed"),
    "second-factor-missing": (403, "You have no second factor yet"),
    "cross-site": (403, "Another site asked for this"),
    "not-permitted": (403, "This is not permitted"),
    "unknown-task": (404, "No such task"),
    "unknown-worker": (404, "No such worker"),
    "unknown-queue": (404, "No such queue"),
    "unknown-action": (404, "No such action"),
    "unknown-error": (404, "No such error"),
    "unknown-finding": (404, "No such finding"),
    "unknown-deploy": (404, "No such deploy"),
    "unknown-entry": (404, "Beat has no such entry"),
    "unknown-alert": (404, "No such alert, rule or silence"),
    "unknown-search": (404, "No such saved search"),
    "unknown-session": (404, "No such session"),
    "unknown-token": (404, "No such token"),
    "not-found": (404, "Nothing is here"),
    "method-not-allowed": (405, "This method is not allowed here"),
    "too-slow": (408, "The request came too slowly"),
    "refused": (409, "This cannot be done so"),
    "another-person": (409, "Somebody else is logged in now"),
    "body-too-large": (413, "The body is too large"),
    "url-too-long": (414, "The address is too long"),
    "not-json": (415, "The body is not JSON"),
    "unknown-host": (421, "This server does not answer to that host name"),
    "too-many-logins": (429, "Too many wrong passwords or codes"),
    "internal": (500, "Umbel made a mistake"),
    "not-supported": (501, "This cluster cannot do that"),
    "store-trouble": (503, "The history cannot be read"),
    "broker-trouble": (503, "The broker cannot be asked"),
    "provider-trouble": (503, "The identity provider cannot be asked"),
    "results-trouble": (503, "Results cannot be read"),
    "schedule-trouble": (503, "Beat's entries cannot be read or written"),
    "not-ready": (503, "Umbel is not ready"),
    "too-many-streams": (503, "Too many live views are open"),
    "too-busy": (503, "Too many requests are open"),
}


class Refusal(UmbelError):
    """A request is answered with a problem. `headers` go with the answer."""

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        parameter: str | None = None,
        suggestion: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.problem = problem(kind, detail, parameter=parameter, suggestion=suggestion)
        self.headers = headers or {}


def too_busy(why: str) -> Refusal:
    """The refusal of what may be possible in a moment."""
    return Refusal("too-busy", f"{why} Try again soon.", headers={"Retry-After": "2"})


def problem(
    kind: str,
    detail: str,
    *,
    parameter: str | None = None,
    position: int | None = None,
    end: int | None = None,
    suggestion: str | None = None,
    reference: str | None = None,
) -> Problem:
    """A problem of one of `KINDS`."""
    status, title = KINDS[kind]
    return Problem(
        type=URN + kind,
        title=title,
        status=status,
        detail=detail,
        parameter=parameter,
        position=position,
        end=end,
        suggestion=suggestion,
        reference=reference,
    )


def respond(found: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """The answer that tells the problem."""
    return Response(
        encode_json(found),
        status_code=found.status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def respond_to(error: Exception) -> Response:
    """The response to any exception."""
    return respond(*problem_of(error))


def problem_of(error: Exception) -> tuple[Problem, Mapping[str, str]]:
    """The problem that any exception is, and the headers that go with it. Logs what is not the
    client's fault."""
    found = _of_request(error)
    if found is not None:
        return found, {}
    match error:
        case Refusal():
            return error.problem, error.headers
        case TooManyStreams():
            return problem("too-many-streams", str(error)), {"Retry-After": "10"}
        case StoreError():
            log.warning("The store cannot answer. %s", error)
            return _retriable("store-trouble", error)
        case BrokerError():
            return _retriable("broker-trouble", error)
        case ProviderUnavailable():
            return _retriable("provider-trouble", error)
        case ResultsUnavailable():
            return _retriable("results-trouble", error)
        case ScheduleUnavailable():
            return _retriable("schedule-trouble", error)
        case HTTPException():
            return _http(error)
        case _:
            return _internal(error), {}


def _of_request(error: Exception) -> Problem | None:
    """The problem of a request that is wrong, or cannot be done; None for all else."""
    match error:
        case QueryError():
            return _bad_query(error)
        case ZoneUnknown():
            return problem("bad-parameter", str(error), parameter="tz")
        case CapabilityMissing():
            return problem("not-in-store", str(error), parameter=error.parameter)
        case CursorError():
            return problem("bad-cursor", str(error), parameter="cursor")
        case ActionRefused():
            return _refused(error)
        case UnknownAction():
            return problem("unknown-action", str(error))
        case QueueUnknown():
            return problem("unknown-queue", str(error))
        case EntryUnknown():
            return problem("unknown-entry", str(error))
        case DeployUnknown():
            return problem("unknown-deploy", str(error))
        case ErrorUnknown():
            return problem("unknown-error", str(error))
        case SearchUnknown():
            return problem("unknown-search", str(error))
        case AlertUnknown():
            return problem("unknown-alert", str(error))
        case TooManySearches() | TooManyRules() | TooManyPauses():
            return problem("refused", str(error))
        case NameTaken():
            return problem("refused", str(error), parameter="name")
        case NotPermitted():
            return problem("not-permitted", str(error))
        case NotSupported():
            return problem("not-supported", str(error))
        case _:
            return None


def _bad_query(error: QueryError) -> Problem:
    return problem(
        "bad-query",
        str(error),
        parameter="q",
        position=error.position,
        end=error.end,
        suggestion=error.suggestion,
    )


def _refused(error: ActionRefused) -> Problem:
    """What is wrong is the request, if a field is named, or else the moment."""
    kind = "bad-body" if error.field else "refused"
    return problem(kind, str(error), parameter=error.field, suggestion=error.suggestion)


def _retriable(kind: str, error: UmbelError) -> tuple[Problem, Mapping[str, str]]:
    return problem(kind, str(error)), {"Retry-After": "5"} if error.retriable else {}


def _http(error: HTTPException) -> tuple[Problem, Mapping[str, str]]:
    """What Starlette itself refuses: unknown paths and methods."""
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = ", ".join(sorted((error.headers or {}).get("Allow", "").split(", ")))
        detail = f"Only {allowed} can be used here."
        return problem("method-not-allowed", detail), {"Allow": allowed}
    if error.status_code == HTTPStatus.NOT_FOUND:
        return problem("not-found", "There is nothing at this address."), {}
    return problem("bad-request", str(error.detail)), {}


def _internal(error: Exception) -> Problem:
    reference = secrets.token_hex(4)
    log.error("Request failed (reference %s)", reference, exc_info=error)
    detail = (
        "The request failed for a reason that is not yours. The log of `umbel serve` says "
        f"more beside the reference {reference}; please report it."
    )
    return problem("internal", detail, reference=reference)
