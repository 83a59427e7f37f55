"""OpenID Connect: authorization code with PKCE, state and nonce (OpenID Connect Core 1.0).

A login is believed after these steps, in this order: the callback is of this issuer (RFC 9207); the
code is exchanged; the ID token is signed by the provider, for this client, now, and for this
attempt (nonce); the access token belongs to it (at_hash); what userinfo adds is of the same
subject. Then e-mails that are not verified are taken out, and `admission` keeps out whom the
settings keep out.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final

from umbel.auth.providers.addresses import with_query
from umbel.auth.providers.admission import admit
from umbel.auth.providers.base import (
    Callback,
    Claimed,
    EndedLogin,
    LoginAttempt,
    ProviderLogin,
    ProviderTokens,
)
from umbel.auth.providers.config import ProviderConfig
from umbel.auth.providers.http import ProviderHttp
from umbel.auth.providers.identities import claimed_of
from umbel.auth.providers.keys import ProviderKeys
from umbel.auth.providers.kinds import KINDS, groups_by_level, scopes_of, without_overage
from umbel.auth.providers.logout_tokens import ended_login
from umbel.auth.providers.metadata import Discovery, Metadata
from umbel.auth.providers.renewals import Renewal, is_over, renewed
from umbel.auth.providers.signatures import TokenChecker, access_token_hash
from umbel.auth.providers.token_endpoint import TokenAnswer, TokenEndpoint, challenge
from umbel.clock import Clock
from umbel.errors import LoginRefused

_ID_TOKEN: Final = "ID token"  # noqa: S105
_UNAUTHORIZED: Final = 401
#: Claims that Keycloak may write into the access token alone.
_ROLES: Final = ("realm_access", "resource_access", "groups", "roles")


class OpenIdProvider:
    """See `RedirectProvider` and `TokenProvider`. On the event loop."""

    def __init__(
        self, config: ProviderConfig, issuer: str, secret: str | None, clock: Clock
    ) -> None:
        self.config = config
        self._label = config.label or config.name
        self._kind = KINDS[config.kind]
        self._client_id = config.client_id or ""
        self._clock = clock
        self._http = ProviderHttp(self._label, config.ca_file)
        self._discovery = Discovery(self._http, issuer, clock)
        self._checker = TokenChecker(
            self._label, ProviderKeys(self._http, self._discovery.keys, clock), clock
        )
        self._endpoint = TokenEndpoint(self._http, self._client_id, secret, clock)

    async def address(self, attempt: LoginAttempt) -> str:
        metadata = await self._discovery.get()
        domains = self.config.hosted_domain
        return with_query(
            metadata.authorization,
            response_type="code",
            client_id=self._client_id,
            redirect_uri=attempt.redirect_uri,
            scope=" ".join(scopes_of(self.config, metadata.scopes)),
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=challenge(attempt.verifier),
            code_challenge_method="S256",
            hd=domains[0] if len(domains) == 1 else None,
            **self._kind.parameters,
        )

    async def finish(self, attempt: LoginAttempt, callback: Callback) -> ProviderLogin:
        async with self._http.one_login():
            return await self._finish(attempt, callback)

    async def again(self, tokens: ProviderTokens, subject: str) -> ProviderLogin | None:
        """By the refresh token, else by userinfo while the access token lasts. What stood in the ID
        token alone is gone then: such claims need a refresh token (the scope offline_access)."""
        with Renewal(tokens) as renewal:
            async with self._http.one_login():
                return await self._again(renewal, subject)

    async def _finish(self, attempt: LoginAttempt, callback: Callback) -> ProviderLogin:
        metadata = await self._discovery.get()
        self._check_issuer(metadata, callback)
        answer = await self._endpoint.exchange(
            metadata.token, callback.code, attempt, metadata.methods
        )
        if answer.id_token is None:
            raise LoginRefused(
                f"{self._label} gave no ID token.",
                remedy="The scope openid must be among those that are asked for.",
            )
        found = await self._id_token(metadata, answer.id_token)
        if not hmac.compare_digest(_bytes(found.get("nonce")), attempt.nonce.encode()):
            raise LoginRefused(
                f"The ID token of {self._label} is of another login (nonce).",
                remedy="Log in once more.",
            )
        self._check_access_token(answer, found)
        tokens = renewed(ProviderTokens(session=_text(found.get("sid")) or None), answer)
        userinfo = await self._userinfo(metadata, answer.access_token, str(found["sub"]))
        return await self._login(metadata, merged(found, userinfo), tokens)

    async def _again(self, renewal: Renewal, subject: str) -> ProviderLogin | None:
        metadata = await self._discovery.get()
        before, found = renewal.tokens, dict[str, object]()
        if before.refresh_token is not None:
            answer = await self._endpoint.refresh(
                metadata.token, before.refresh_token, metadata.methods
            )
            renewal.take(answer)
            if answer.id_token is not None:
                found = await self._id_token(metadata, answer.id_token)
                if found["sub"] != subject:
                    raise LoginRefused(f"{self._label} answers for somebody else now.")
                self._check_access_token(answer, found)
        elif is_over(before, self._clock.now()):
            return None
        userinfo = await self._userinfo(metadata, renewal.tokens.access_token, subject)
        if not found and not userinfo:
            return None
        return await self._login(metadata, merged(found, userinfo), renewal.tokens)

    async def logout_address(self, tokens: ProviderTokens, back: str) -> str | None:
        if self.config.logout_url is not None:
            return self.config.logout_url
        address = (await self._discovery.get()).end_session
        if address is None:
            return None
        return with_query(
            address,
            id_token_hint=tokens.id_token,
            post_logout_redirect_uri=back,
            client_id=self._client_id,
        )

    async def ended(self, logout_token: str) -> EndedLogin:
        metadata = await self._discovery.get()
        return await ended_login(
            self._checker,
            logout_token,
            label=self._label,
            issuer=metadata.issuer,
            client_id=self._client_id,
            now=self._clock.now(),
        )

    async def claimed(self, token: str) -> Claimed:
        """Whose bearer token it is: a JWT for one of `api_audience` (RFC 9068, or one with the type
        JWT)."""
        metadata = await self._discovery.get()
        what = "token"
        if not self.config.api_audience:
            raise LoginRefused(f"Tokens of {self._label} are not taken (api_audience).")
        found = await self._checker.claims(
            token,
            what,
            issuer=metadata.issuer,
            audience=self.config.api_audience,
            types=("jwt", "at+jwt"),
            essential=("exp", "sub"),
        )
        if "events" in found:
            raise LoginRefused(f"The {what} of {self._label} is a logout token.")
        return self._claimed(found)

    def _check_issuer(self, metadata: Metadata, callback: Callback) -> None:
        """RFC 9207: the answer to a login at another provider is not this one's."""
        is_missing = callback.issuer is None and metadata.sends_issuer
        if is_missing or callback.issuer not in (None, metadata.issuer):
            raise LoginRefused(
                f"The answer to this login is not of {self._label} (iss).",
                remedy="Log in once more.",
            )

    async def _id_token(self, metadata: Metadata, token: str) -> dict[str, object]:
        found = await self._checker.claims(
            token,
            _ID_TOKEN,
            issuer=metadata.issuer,
            audience=(self._client_id,),
            essential=("exp", "iat", "sub"),
        )
        several = isinstance(found["aud"], list) and len(found["aud"]) > 1
        if ("azp" in found or several) and found.get("azp") != self._client_id:
            raise LoginRefused(f"The ID token of {self._label} was made for another client (azp).")
        return found

    def _check_access_token(self, answer: TokenAnswer, found: Mapping[str, object]) -> None:
        """OpenID Connect Core 3.1.3.6: the ID token may have the hash of its access token."""
        expected, token = found.get("at_hash"), answer.access_token
        if expected is None or token is None or answer.id_token is None:
            return
        if not hmac.compare_digest(access_token_hash(answer.id_token, token), _bytes(expected)):
            raise LoginRefused(
                f"The access token of {self._label} is not that of its ID token (at_hash)."
            )

    async def _userinfo(
        self, metadata: Metadata, access_token: str | None, subject: str
    ) -> dict[str, object]:
        """What the provider tells beside the ID token; nothing if it need not be asked."""
        if metadata.userinfo is None or access_token is None or not self._kind.asks_userinfo:
            return {}
        what = "claims"
        found = await self._http.ask("GET", metadata.userinfo, what, bearer=access_token)
        if found.status == _UNAUTHORIZED:
            raise LoginRefused(
                f"{self._label} does not know this login any more.", remedy="Log in once more."
            )
        claims = self._http.object_of(found, metadata.userinfo, what)
        if claims.get("sub") != subject:
            raise LoginRefused(f"The claims of {self._label} are somebody else's (sub).")
        return claims

    async def _login(
        self, metadata: Metadata, claims: Mapping[str, object], tokens: ProviderTokens
    ) -> ProviderLogin:
        if self._kind.has_roles_in_access_token:
            claims = {**await self._roles(metadata, tokens.access_token, claims), **claims}
        return ProviderLogin(self._claimed(claims), tokens)

    async def _roles(
        self, metadata: Metadata, token: str | None, claims: Mapping[str, object]
    ) -> dict[str, object]:
        """Roles that stand in the access token, where it is a JWT, checked as the ID token is."""
        if token is None or token.count(".") != 2:
            return {}
        found = await self._checker.claims(
            token, "access token", issuer=metadata.issuer, essential=("exp", "sub")
        )
        if found["sub"] != claims.get("sub") or found.get("azp") != self._client_id:
            raise LoginRefused(f"The access token of {self._label} is somebody else's.")
        return {name: found[name] for name in _ROLES if name in found}

    def _claimed(self, claims: Mapping[str, object]) -> Claimed:
        found, notes = without_overage(claims, self._label)
        found = groups_by_level(self.config, found)
        kind = self._kind
        claimed = claimed_of(
            found, label=self._label, proof=kind.proof, names=kind.names,
            trusts_names=kind.trusts_names, may_share_names=kind.may_share_names, notes=notes,
        )  # fmt: skip
        return admit(self.config, claimed)


def merged(id_token: Mapping[str, object], userinfo: Mapping[str, object]) -> dict[str, object]:
    """The claims of both; those of the ID token prevail. Whether an e-mail is verified is never
    taken from the one for an e-mail of the other."""
    one, other = dict(id_token), dict(userinfo)
    if "email" not in one:
        one.pop("email_verified", None)
    elif other.get("email") != one["email"]:
        other.pop("email_verified", None)
    return {**other, **one}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _bytes(value: object) -> bytes:
    return _text(value).encode("utf-8", "replace")
