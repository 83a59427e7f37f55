"""Who may log in, by Flower's pattern of addresses."""

from __future__ import annotations

import re

from flower.unserved import unserved

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]"


def authenticate(pattern: str, email: str) -> bool:
    """Whether the address is the pattern, one of several joined by `|`, or fits one `.*` in it."""
    if "|" in pattern:
        return email in pattern.split("|")
    if "*" in pattern:
        found = re.escape(pattern).replace(r"\.\*", f"{_LOCAL}*")
        return re.fullmatch(found, email) is not None
    return pattern == email


def validate_auth_option(pattern: str) -> bool:
    """Whether a pattern is one: at most one `.*`, none beside `|`, and none in the domain."""
    if pattern.count("*") > 1 or ("*" in pattern and "|" in pattern):
        return False
    return "*" not in pattern.rsplit("@", 1)[-1]


_LOGINS = (
    "Logins are settings of Umbel: auth and auth_provider with one of Flower's four classes, or a "
    "table [auth.providers.NAME] for any other (docs/logins)."
)
__getattr__ = unserved(
    __name__,
    dict.fromkeys(
        ("LoginHandler", "LogoutHandler", "GoogleAuth2LoginHandler", "GithubLoginHandler",
         "GitLabLoginHandler", "OktaLoginHandler", "OAuth2StateMixin"),
        _LOGINS,
    ),
)  # fmt: skip
