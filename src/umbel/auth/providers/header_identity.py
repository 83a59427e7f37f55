"""Who somebody is by headers that a reverse proxy set, pure: names of headers, and what is in them.

The proxy asked who it is (oauth2-proxy, Authelia, forward auth of nginx and Traefik) and writes the
answer into headers. Whether they may be believed is decided before (`web.http.identity_headers`).
Where a signed token is configured (`token_header`), it says all of it and the others are not read:
a signature proves what it covers and nothing beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from umbel.auth.claims import VALUES_MAX
from umbel.auth.providers.base import Claimed
from umbel.auth.providers.config import PROXY_KINDS, ProviderConfig, ProviderKind
from umbel.errors import LoginRefused

#: The longest user, e-mail (RFC 5321) and name; a group that is longer is left out.
USER_MAX, EMAIL_MAX, NAME_MAX, GROUP_MAX = 200, 254, 300, 500
#: The longest signed token.
TOKEN_MAX: Final = 16_384
_EMAIL: Final = re.compile(r'[^@\s,;:<>()\[\]"\\]+@[^@\s,;:<>()\[\]"\\]+')
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
#: Names of HTTP fields (RFC 9110) without those that some programs take for hyphens.
_FIELD: Final = re.compile(r"[a-z0-9-]{1,100}")
#: Headers that mean something else here, so that they cannot say who somebody is.
_TAKEN: Final = frozenset(
    {
        "authorization", "connection", "content-length", "content-type", "cookie", "host", "origin",
        "referer", "transfer-encoding", "x-forwarded-for", "x-forwarded-host",
        "x-forwarded-prefix", "x-forwarded-proto", "x-umbel-opened-by", "x-umbel-via",
    }
)  # fmt: skip


class HeaderNames(msgspec.Struct, frozen=True):
    """The headers of one provider, in small letters; None for those that it has not."""

    user: str | None = None
    email: str | None = None
    name: str | None = None
    groups: str | None = None
    token: str | None = None

    @property
    def all(self) -> frozenset[str]:
        """All of them: none may come from anybody but the proxy, whether it is read or not."""
        return frozenset(each for each in msgspec.structs.astuple(self) if each is not None)


#: What the programs call them (their documentation).
_USUAL: Final[Mapping[ProviderKind, HeaderNames]] = {
    "oauth2-proxy": HeaderNames(
        "x-forwarded-user", "x-forwarded-email", "x-forwarded-preferred-username",
        "x-forwarded-groups",
    ),
    "authelia": HeaderNames("remote-user", "remote-email", "remote-name", "remote-groups"),
    "cloudflare-access": HeaderNames(
        None, "cf-access-authenticated-user-email", None, None, "cf-access-jwt-assertion"
    ),
    "google-iap": HeaderNames(
        "x-goog-authenticated-user-id", "x-goog-authenticated-user-email", None, None,
        "x-goog-iap-jwt-assertion",
    ),
}  # fmt: skip


def header_names(config: ProviderConfig) -> HeaderNames:
    """The headers of this provider: those that are configured, else the usual ones of its kind."""
    usual = _USUAL.get(config.kind, HeaderNames())
    return HeaderNames(
        _lower(config.user_header) or usual.user,
        _lower(config.email_header) or usual.email,
        _lower(config.name_header) or usual.name,
        _lower(config.groups_header) or usual.groups,
        _lower(config.token_header) or usual.token,
    )


def claimed_by_headers(config: ProviderConfig, shown: Mapping[str, str]) -> Claimed | None:
    """Who the headers (by their name in small letters, each once) say it is; None if they name
    nobody. Raises `LoginRefused` for a user or name that cannot be."""
    names, notes = header_names(config), list[str]()
    user = _text("user", _value(shown, names.user), USER_MAX)
    email = _email(_value(shown, names.email), notes)
    if not (user or (email and names.user is None)):
        return None
    subject = user or email or ""
    if "," in subject:
        raise LoginRefused(
            "The header of the user names two, as where a proxy adds its own to one that came.",
            remedy="Let the proxy replace the header.",
        )
    name = _text("name", _value(shown, names.name), NAME_MAX)
    claims: dict[str, object] = {"user": subject}
    if email:
        claims |= {"email": email, "emails": [email]}
    if name:
        claims["name"] = name
    if names.groups is not None:
        groups = _value(shown, names.groups).split(config.groups_separator or None)
        claims["groups"] = _groups(groups, notes)
    # The user that oauth2-proxy tells is a number of the provider's.
    called = email if email and config.kind == "oauth2-proxy" else subject
    return Claimed(subject=subject, name=called, email=email, claims=claims, notes=tuple(notes))


def token_in(config: ProviderConfig, shown: Mapping[str, str]) -> str:
    """The signed token of the header. Raises `LoginRefused` where none is."""
    token = _value(shown, header_names(config).token)
    if not token:
        raise LoginRefused("The proxy did not send the signed header that is configured.")
    if not is_signed_token(token):
        raise LoginRefused("What is in the signed header is no token.")
    return token


def is_signed_token(text: str) -> bool:
    """Whether it has the form of a signed JWT (RFC 7519), and is not too long."""
    return len(text) <= TOKEN_MAX and _TOKEN.fullmatch(text) is not None


def wrong_headers(configs: Sequence[ProviderConfig]) -> str | None:
    """What is wrong with the providers by headers among these, as a sentence; None if nothing."""
    proxies = [each for each in configs if each.kind in PROXY_KINDS]
    for config in proxies:
        names = header_names(config)
        if names.user is None and names.email is None and names.token is None:
            return f"The provider {config.name} names no header with the user: set user_header."
        for name in sorted(names.all):
            if not _FIELD.fullmatch(name) or name in _TAKEN:
                return f"The provider {config.name} cannot have the header {name[:100]!r}."
        if len(names.all) < sum(each is not None for each in msgspec.structs.astuple(names)):
            return f"The provider {config.name} names one header twice."
    unsigned = next((each for each in proxies if header_names(each).token is None), None)
    if unsigned is not None and len(proxies) > 1:
        other = next(each for each in proxies if each is not unsigned)
        return (
            f"The providers {unsigned.name} and {other.name} are both by headers, and those of "
            f"{unsigned.name} are not signed: whoever comes through the proxy of {other.name} "
            "could send them."
        )
    return None


def _lower(name: str | None) -> str | None:
    return None if name is None else name.lower()


def _value(shown: Mapping[str, str], name: str | None) -> str:
    return shown.get(name, "").strip() if name is not None else ""


def _text(what: str, text: str, most: int) -> str:
    if len(text) > most or not text.isprintable():
        raise LoginRefused(f"The header of the {what} is too long, or has what cannot be shown.")
    return text


def _email(text: str, notes: list[str]) -> str | None:
    if not text:
        return None
    if len(text) <= EMAIL_MAX and text.isprintable() and _EMAIL.fullmatch(text):
        return text.lower()
    notes.append("The e-mail that came is none, and was left out.")
    return None


def _groups(groups: Sequence[str], notes: list[str]) -> list[str]:
    found = [each for text in groups if (each := text.strip())]
    usable = [each for each in found if len(each) <= GROUP_MAX and each.isprintable()]
    if len(usable) < len(found) or len(usable) > VALUES_MAX:
        notes.append("Groups that are too many, too long or cannot be shown were left out.")
    return usable[:VALUES_MAX]
