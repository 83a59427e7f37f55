"""How a login by a provider ended without a session: a signed cookie that the login page asks for.

The redirect that ends it can carry nothing that others may not make up, so the sentence, and the
claims of somebody whom no rule lets in, travel in a cookie that is read once (`/login/options`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

import msgspec
from starlette.responses import Response
from starlette.types import Scope

from umbel.services.control.login_audit import escaped
from umbel.web.http.cookies import cookie, set_cookie
from umbel.web.http.signed_values import SignedValues

_LIFETIME_S: Final = 300
#: The most bytes of JSON that fit into a cookie, with room for its name and attributes.
_JSON_MAX: Final = 2_600
#: The longest sentence and text, and the most values of a claim and notes, that are shown.
SENTENCE_MAX: Final = 400
_TEXT_MAX: Final = 120
_VALUES_MAX: Final = 12
_NOTES_MAX: Final = 4


class RefusedLogin(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is known now, and whom no rule lets in. `claims` are what came, as far as it can
    be shown; `because` is the rule that turned them away, "" if none fitted of `rules`."""

    provider: str
    name: str
    notes: tuple[str, ...] = ()
    claims: dict[str, object] = {}
    because: str = ""
    rules: int = 0


class LoginOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence that says why there is no session, or who was refused."""

    failed: str | None = None
    refused: RefusedLogin | None = None


class LoginOutcomes:
    """Writes and reads the cookie. Any thread."""

    def __init__(self, key: bytes) -> None:
        self._values = SignedValues(key, "login outcome")
        self._cookie = f"umbel_{hashlib.sha256(b'outcome' + key).hexdigest()[:8]}_outcome"

    def tell(self, response: Response, scope: Scope, outcome: LoginOutcome) -> None:
        """Let the browser keep it until the page asks."""
        value = self._values.write(_fitting(outcome))
        set_cookie(response, scope, self._cookie, value, _LIFETIME_S)

    def read(self, scope: Scope) -> LoginOutcome:
        """What the request's cookie says; nothing, if there is none of ours."""
        value = cookie(scope, self._cookie)
        body = self._values.read(value) if value else None
        try:
            return msgspec.json.decode(body or b"{}", type=LoginOutcome)
        except msgspec.MsgspecError:  # of an older or newer Umbel with the same key
            return LoginOutcome()

    def forget(self, response: Response, scope: Scope) -> None:
        """Let the browser forget it, if it has one."""
        if cookie(scope, self._cookie) is not None:
            set_cookie(response, scope, self._cookie, "", 0)


def _fitting(outcome: LoginOutcome) -> bytes:
    """As JSON, with as many of the claims as fit; the smallest stay."""
    failed = outcome.failed and escaped(outcome.failed, SENTENCE_MAX)
    refused = outcome.refused
    if refused is None:
        return msgspec.json.encode(LoginOutcome(failed=failed))
    claims = {escaped(name, _TEXT_MAX): _shown(value) for name, value in refused.claims.items()}
    largest_first = sorted(claims, key=lambda name: -len(msgspec.json.encode(claims[name])))
    bare = msgspec.structs.replace(
        refused,
        name=escaped(refused.name, _TEXT_MAX),
        notes=tuple(escaped(each, 2 * _TEXT_MAX) for each in refused.notes[:_NOTES_MAX]),
        because=escaped(refused.because, 2 * _TEXT_MAX),
        claims=claims,
    )
    body = msgspec.json.encode(LoginOutcome(refused=bare))
    for name in largest_first:
        if len(body) <= _JSON_MAX:
            break
        del claims[name]
        body = msgspec.json.encode(LoginOutcome(refused=bare))
    return body


def _shown(value: object) -> object:
    """A claim as it is shown: the first of many values, and a note of how many more there are."""
    if isinstance(value, str):
        return escaped(value, _TEXT_MAX)
    if isinstance(value, list | tuple):
        first = [_shown(each) for each in value[:_VALUES_MAX]]
        more = len(value) - len(first)
        return [*first, f"and {more:,} more"] if more else first
    if isinstance(value, Mapping):
        names = list(value)[:_VALUES_MAX]
        return {escaped(str(name), _TEXT_MAX): _shown(value[name]) for name in names}
    return value
