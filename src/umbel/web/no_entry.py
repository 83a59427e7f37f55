"""Refusals of people who come by a provider's word with each request: programs get a problem,
browsers the login page, which says why (`logins.outcome`)."""

from __future__ import annotations

from urllib.parse import quote

import msgspec
from starlette.responses import Response
from starlette.types import Scope

from umbel.auth.claims import values_at
from umbel.auth.providers.base import Claimed
from umbel.auth.providers.config import ProviderConfig
from umbel.auth.rights import Rights
from umbel.web.http.path_routes import address_below_prefix
from umbel.web.http.problems import Refusal
from umbel.web.http.redirects import redirect
from umbel.web.logins.addresses import FAILED
from umbel.web.logins.labels import label_of
from umbel.web.logins.outcome import LoginOutcome, LoginOutcomes, RefusedLogin

#: How many values of a claim, how much of each, and how much of all, a problem tells.
_VALUES_SHOWN, _TEXT_SHOWN, _ALL_SHOWN = 20, 100, 2_000


class NotBelieved(Refusal):
    """What came must not be believed."""

    def __init__(self, why: str) -> None:
        super().__init__("not-logged-in", why)
        self.outcome = LoginOutcome(failed=why)


class NoEntry(Refusal):
    """A provider knows somebody (`person`, as the audit calls them), and no rule lets them in."""

    def __init__(
        self, config: ProviderConfig, claimed: Claimed, rights: Rights, *, rules: int
    ) -> None:
        self.person = f"{config.name}:{claimed.name}"
        because = next((each.because for each in rights.by_cluster.values() if each.because), "")
        why = f"turned away by {because}" if because else "and no rule gives them a role"
        self.why = f"{claimed.name} is known by {label_of(config)}, {why}."
        super().__init__("no-entry", " ".join((self.why, _came(claimed), *claimed.notes)))
        self.outcome = LoginOutcome(
            refused=RefusedLogin(
                provider=config.name,
                name=claimed.name,
                notes=claimed.notes,
                claims=claimed.claims,
                because=because,
                rules=rules,
            )
        )


def to_login_page(outcomes: LoginOutcomes, error: NoEntry | NotBelieved, scope: Scope) -> Response:
    """The redirect of a browser to the page that says so, and leads back to where it was."""
    target = address_below_prefix(scope)
    back = f"&next={quote(target, safe='')}" if target else ""
    root: str = scope.get("root_path", "")
    response = redirect(f"{root}/login?{FAILED}{back}")
    outcomes.tell(response, scope, error.outcome)
    return response


def _came(claimed: Claimed) -> str:
    """What the provider says of them, in a sentence."""
    shown = [f"{name}: {values}" for name in claimed.claims if (values := _shown(claimed, name))]
    return f"What came: {_cut('; '.join(shown), _ALL_SHOWN)}."


def _shown(claimed: Claimed, name: str) -> str:
    value = claimed.claims[name]
    if isinstance(value, dict):
        return _cut(msgspec.json.encode(value).decode(), _TEXT_SHOWN)
    values = values_at({name: value}, name)
    more = f" and {len(values) - _VALUES_SHOWN:,} more" if len(values) > _VALUES_SHOWN else ""
    return ", ".join(_cut(each, _TEXT_SHOWN) for each in values[:_VALUES_SHOWN]) + more


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
