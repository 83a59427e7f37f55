"""The endpoints with which a person turns their second factor on and off.

They are for the session of somebody with a password of the settings: a token has none, and who
comes by a provider has that provider's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from umbel.auth.base import Credentials
from umbel.web.authentication import Access
from umbel.web.http.problems import Refusal
from umbel.web.logins.answers import json_response, own_body
from umbel.web.principal import Principal
from umbel.web.second_factor.check import SecondFactorCheck


class ShownCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=100,
            description="What the authenticator shows; to turn it off a recovery code will do.",
        ),
    ]


class ShownPassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    password: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=1_000,
            description="The password once more: whoever found an open browser must not give its "
            "owner a second factor that only they have.",
        ),
    ]


class BegunFactor(msgspec.Struct, frozen=True):
    """What an authenticator is given, told this once: the `secret` to type (base32), and the
    `address` (`otpauth://`) to scan."""

    secret: str
    address: str


class ConfirmedFactor(msgspec.Struct, frozen=True):
    """Recovery codes, each good once in the place of a code; told this once."""

    recovery: tuple[str, ...]


class RemovedFactor(msgspec.Struct, frozen=True):
    """Whether there was one to turn off."""

    removed: bool


class BeginEndpoint:
    """`POST /api/v1/second-factor/begin`."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shown = await own_body(ShownPassword, Request(scope, receive))
        principal, check = _person(self._access, scope)
        if await check.since(principal.name) is not None:
            raise _is_on()
        credentials = Credentials(user=principal.name, password=shown.password)
        if await self._access.by_password(credentials, scope) is None:
            raise Refusal("refused", "The password is wrong.", parameter="password")
        host = Headers(scope=scope).get("host", "")
        account = f"{principal.name} ({host})" if host else principal.name
        begun = await check.run(check.factors.begin, principal.name, account)
        if begun is None:
            raise _is_on()
        answer = BegunFactor(begun.secret, begun.address)
        await json_response(answer)(scope, receive, send)


class ConfirmEndpoint:
    """`POST /api/v1/second-factor/confirm`."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shown = await own_body(ShownCode, Request(scope, receive))
        principal, check = _person(self._access, scope)
        codes = await check.run(check.factors.confirm, principal.name, shown.code)
        if codes is None:
            raise Refusal(
                "refused",
                "That is no code of the authenticator that was given the secret last, or it is on "
                "already. Check the clock of your device, and type the code that it shows now.",
                parameter="code",
            )
        await self._access.note_second_factor(principal.name, scope, "it was turned on")
        await json_response(ConfirmedFactor(codes))(scope, receive, send)


class RemoveEndpoint:
    """`POST /api/v1/second-factor/remove`."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shown = await own_body(ShownCode, Request(scope, receive))
        principal, check = _person(self._access, scope)
        is_on = await check.since(principal.name) is not None
        if is_on:
            await self._remove(principal.name, check, shown.code, scope)
        await json_response(RemovedFactor(is_on))(scope, receive, send)

    async def _remove(self, name: str, check: SecondFactorCheck, code: str, scope: Scope) -> None:
        taken = await check.take(
            name,
            code,
            refused=lambda why: self._access.note_refusal(scope, why),
            recovered=lambda what: self._access.note_second_factor(name, scope, what),
        )
        if taken is None:
            raise Refusal(
                "refused",
                "The code is wrong, or was used before. Each is good once: wait for the next.",
                parameter="code",
            )
        await check.run(check.factors.remove, name)
        await self._access.note_second_factor(name, scope, "it was turned off")


def _is_on() -> Refusal:
    return Refusal(
        "refused",
        "Your second factor is on. To give it to another authenticator, turn it off first.",
    )


def _person(access: Access, scope: Scope) -> tuple[Principal, SecondFactorCheck]:
    """Who asks, with a session by a password. Raises `Refusal` for everybody else."""
    principal: Principal = scope["umbel.principal"]
    check = access.second_factor
    if check is None or principal.how != "session" or not access.has_password(principal):
        raise Refusal(
            "refused",
            "A second factor is for people who log in with a password of the settings, and is "
            "turned on and off by who has logged in at /login.",
        )
    return principal, check


#: The routes of the table by name.
SECOND_FACTOR_ENDPOINTS: Final[Mapping[str, Callable[[Access], ASGIApp]]] = {
    "second-factor-begin": BeginEndpoint,
    "second-factor-confirm": ConfirmEndpoint,
    "second-factor-remove": RemoveEndpoint,
}
