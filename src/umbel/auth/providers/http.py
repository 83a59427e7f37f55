"""Asking an identity provider over HTTP, at a bounded cost.

A request takes 2 s at most, from the connection to the last byte, also where the server sends a
byte now and then; an answer is read up to 1 MB, and no redirect is followed. Nothing of what was
sent stands in an error.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from typing import Final

import httpx
import msgspec

from umbel.auth.providers.addresses import address_fault, shown
from umbel.errors import ProviderUnavailable
from umbel.json_size import holds_more

#: A whole request, seconds.
REQUEST_S: Final = 2.0
#: All requests of a login together, seconds.
LOGIN_S: Final = 8.0
#: The longest answer, bytes, and the most values in it.
ANSWER_MAX: Final = 2**20
_VALUES_MAX: Final = 50_000
_TRY_AGAIN: Final = "Try again in a moment; if it stays so, ask who runs it."
_OK: Final = 200


class Answer(msgspec.Struct, frozen=True):
    """What a provider answered: `value` is its JSON, None if it is none. `headers` by names in
    small letters."""

    status: int
    headers: Mapping[str, str]
    value: object

    @property
    def is_ok(self) -> bool:
        return self.status == _OK

    @property
    def fields(self) -> dict[str, object]:
        """The JSON object; empty if it is something else."""
        return self.value if isinstance(self.value, dict) else {}


class ProviderHttp:
    """Requests to one provider, which sentences call `label`. `ca_file` is a PEM file with the
    authority that is believed in the place of the usual ones. On any event loop."""

    def __init__(
        self, label: str, ca_file: str | None = None, *, timeout_s: float = REQUEST_S
    ) -> None:
        self.label = label
        self._ca_file = ca_file
        self._timeout_s = timeout_s
        self._tls: ssl.SSLContext | None = None

    @contextlib.asynccontextmanager
    async def one_login(self) -> AsyncIterator[None]:
        """Around the requests of one login, which together take 8 s at most. Raises
        `ProviderUnavailable` when they take longer."""
        try:
            async with asyncio.timeout(LOGIN_S):
                yield
        except TimeoutError:
            raise ProviderUnavailable(
                f"{self.label} took longer than {LOGIN_S:g} s for a login.", remedy=_TRY_AGAIN
            ) from None

    async def get_object(
        self, address: str, what: str, *, bearer: str | None = None
    ) -> dict[str, object]:
        """The JSON object at this address, which is called `what`. Raises
        `ProviderUnavailable` for everything else."""
        return self.object_of(await self.ask("GET", address, what, bearer=bearer), address, what)

    def object_of(self, answer: Answer, address: str, what: str) -> dict[str, object]:
        """The JSON object of an answer. Raises `ProviderUnavailable` if it is none."""
        value = self.value_of(answer, address, what)
        if not isinstance(value, dict):
            raise self._unavailable(address, what, "its answer is JSON, but no object")
        return value

    def value_of(self, answer: Answer, address: str, what: str) -> object:
        """The JSON of an answer. Raises `ProviderUnavailable` if its status is not 200, or if it
        is no JSON."""
        if not answer.is_ok:
            where = "a redirect, which is not followed" if answer.status // 100 == 3 else "not 200"
            raise self._unavailable(address, what, f"it answered {answer.status}, {where}")
        if answer.value is None:
            raise self._unavailable(address, what, "its answer is not JSON")
        return answer.value

    async def ask(
        self,
        method: str,
        address: str,
        what: str,
        *,
        form: Mapping[str, str] | None = None,
        bearer: str | None = None,
        basic: tuple[str, str] | None = None,
    ) -> Answer:
        """What it answers, whatever its status. Raises `ProviderUnavailable`."""
        if (fault := address_fault(address)) is not None:
            raise self._unavailable(address, what, f"the address {fault}")
        headers = {
            "accept": "application/json", "accept-encoding": "identity", "user-agent": "umbel"
        }  # fmt: skip
        if bearer is not None:
            headers["authorization"] = f"Bearer {bearer}"
        auth = httpx.BasicAuth(*basic) if basic is not None else None
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._answer(method, address, what, headers, form, auth)
        except (TimeoutError, httpx.TimeoutException):
            reason = f"it did not answer within {self._timeout_s:g} s"
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError, ValueError) as error:
            reason = _reason(error)
        raise self._unavailable(address, what, reason)

    async def _answer(
        self,
        method: str,
        address: str,
        what: str,
        headers: dict[str, str],
        form: Mapping[str, str] | None,
        auth: httpx.BasicAuth | None,
    ) -> Answer:
        is_https = address.startswith("https:")  # else it is this machine, behind no proxy
        client = httpx.AsyncClient(
            verify=self._context() if is_https else False,
            trust_env=is_https,
            timeout=self._timeout_s,
            follow_redirects=False,
        )
        async with (
            client,
            client.stream(method, address, headers=headers, data=form, auth=auth) as response,
        ):
            if response.headers.get("content-encoding", "identity") != "identity":
                raise self._unavailable(address, what, "its answer is compressed, unasked")
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > ANSWER_MAX:
                    raise self._unavailable(address, what, "its answer is larger than 1 MB")
            return Answer(response.status_code, dict(response.headers), _json(bytes(body)))

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            if self._ca_file is not None:
                self._tls = ssl.create_default_context(cafile=self._ca_file)
            else:
                self._tls = httpx.create_ssl_context()
                self._tls.load_default_certs()
        return self._tls

    def _unavailable(self, address: str, what: str, reason: str) -> ProviderUnavailable:
        return ProviderUnavailable(
            f"{self.label} cannot be asked for {what} at {shown(address)}: {reason}.",
            remedy=_TRY_AGAIN,
        )


def _json(body: bytes) -> object:
    """The value in `body`; None for what is not JSON, nested too deeply, or too many values."""
    if holds_more(body, _VALUES_MAX):
        return None
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _reason(error: BaseException) -> str:
    """Why nothing was answered, in words that repeat nothing of the request."""
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    for each in causes:
        if isinstance(each, ssl.SSLCertVerificationError):
            return (
                f"its certificate is not trusted ({each.verify_message}); if its authority is one "
                "of your own, name it as ca_file"
            )
        if isinstance(each, ssl.SSLError):
            return f"TLS failed ({each.reason or 'no common ground'})"
        if isinstance(each, ConnectionRefusedError):
            return "nothing listens there (connection refused)"
        if isinstance(each, socket.gaierror):
            return "its name cannot be resolved"
        if isinstance(each, FileNotFoundError | PermissionError):
            return "the file of ca_file cannot be read"
    if isinstance(error, httpx.ConnectError):
        return "no connection could be made"
    return "its answer broke off or is not HTTP"
