"""What an OpenID provider says about itself: OpenID Connect Discovery 1.0, RFC 8414."""

from __future__ import annotations

import msgspec

from umbel.auth.providers.addresses import checked
from umbel.auth.providers.fetched import Fetched
from umbel.auth.providers.http import ProviderHttp
from umbel.auth.providers.printable import printable
from umbel.clock import Clock
from umbel.errors import ProviderUnavailable


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses (all https, or all on this machine) and what the provider can do. `scopes` and
    `methods` (to show a client's secret) are as it lists them. `sends_issuer`: RFC 9207."""

    issuer: str
    authorization: str
    token: str
    keys: str
    userinfo: str | None
    end_session: str | None
    sends_issuer: bool
    scopes: object
    methods: object


class Discovery:
    """That of one issuer, fetched when it is first needed."""

    def __init__(self, http: ProviderHttp, issuer: str, clock: Clock) -> None:
        self._http = http
        self._issuer = issuer
        self._fetched = Fetched(self._fetch, clock)

    async def get(self) -> Metadata:
        """Raises `ProviderUnavailable`."""
        return await self._fetched.get()

    async def keys(self) -> str:
        """The address of its public keys."""
        return (await self.get()).keys

    async def _fetch(self) -> Metadata:
        label, issuer = self._http.label, self._issuer
        address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        found = await self._http.get_object(address, "its description")
        if found.get("issuer") != issuer:
            named = printable(found.get("issuer"))
            raise ProviderUnavailable(
                f"{label} calls itself the issuer {named}, and the settings say {issuer}.",
                remedy="The two must be equal to the letter, a slash at the end included; if it is "
                "the right provider, set issuer to what it calls itself.",
            )

        def address_of(name: str, what: str) -> str:
            return checked(found.get(name), what, label=label, issuer=issuer)

        return Metadata(
            issuer=issuer,
            authorization=address_of("authorization_endpoint", "page to log in"),
            token=address_of("token_endpoint", "address of tokens"),
            keys=address_of("jwks_uri", "address of public keys"),
            userinfo=address_of("userinfo_endpoint", "address of claims")
            if found.get("userinfo_endpoint") is not None
            else None,
            end_session=address_of("end_session_endpoint", "page to log out")
            if found.get("end_session_endpoint") is not None
            else None,
            sends_issuer=found.get("authorization_response_iss_parameter_supported") is True,
            scopes=found.get("scopes_supported"),
            methods=found.get("token_endpoint_auth_methods_supported"),
        )
