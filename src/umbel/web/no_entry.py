"""No entry: the answer to somebody whom a provider knows and no rule lets in, with what is known of
them, so that they can tell an admin what is missing. Programs get a problem, browsers a page."""

from __future__ import annotations

from html import escape
from typing import Final

import msgspec
from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from umbel.auth.claims import values_at
from umbel.auth.providers.base import Claimed
from umbel.auth.providers.config import ProviderConfig
from umbel.auth.rights import Rights
from umbel.web.http.problems import Refusal

#: How many values of a claim, and how much of each, are shown.
_VALUES_SHOWN, _TEXT_SHOWN = 20, 100
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body><h1>{title}</h1>
<p>{why}</p>
<p>What the provider says of you:</p>
<ul>
{claims}
</ul>
{notes}<p>Tell an admin of this server. The rules are <code>[[auth.rules]]</code> of its
settings.</p>
<p>{ways}</p>
</body></html>
"""


class NoEntry(Refusal):
    """Nothing lets `person` (the name for the audit) in."""

    def __init__(
        self, config: ProviderConfig, claimed: Claimed, rights: Rights, *, rules: int
    ) -> None:
        self.person = f"{config.name}:{claimed.name}"
        self.claims = {name: _shown(claimed, name) for name in claimed.claims}
        self.notes = claimed.notes
        self.logout_url = config.logout_url
        because = next((each.because for each in rights.by_cluster.values() if each.because), "")
        why = (
            f"turned away by {because}"
            if because
            else f"and none of the {rules:,} rules lets them in"
            if rules
            else "and there are no rules that let anybody in"
        )
        self.why = f"{claimed.name} is known by {config.label or config.name}, {why}."
        came = "; ".join(f"{name}: {values}" for name, values in self.claims.items() if values)
        super().__init__("no-entry", " ".join((self.why, f"What came: {came}.", *self.notes)))


def no_entry_page(found: NoEntry, scope: Scope) -> Response:
    """The same for a browser."""
    root: str = scope.get("umbel.root", "")
    ways = [f'<a href="{escape(root)}/login">Log in another way</a>']
    if found.logout_url:
        ways.append(f'<a href="{escape(found.logout_url)}">Log out there</a>')
    page = _PAGE.format(
        title="No rule lets you in",
        why=escape(found.why),
        claims="\n".join(
            f"<li>{escape(name)}: {escape(values) or '<i>none</i>'}</li>"
            for name, values in found.claims.items()
        ),
        notes="".join(f"<p>{escape(note)}</p>\n" for note in found.notes),
        ways=" · ".join(ways),
    )
    headers = {"Cache-Control": "no-store"}
    return HTMLResponse(page, found.problem.status, headers)


def _shown(claimed: Claimed, name: str) -> str:
    """The values of a claim as a text, cut."""
    value = claimed.claims[name]
    if isinstance(value, dict):
        return _cut(msgspec.json.encode(value).decode())
    values = values_at({name: value}, name)
    more = f" and {len(values) - _VALUES_SHOWN:,} more" if len(values) > _VALUES_SHOWN else ""
    return ", ".join(_cut(each) for each in values[:_VALUES_SHOWN]) + more


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT_SHOWN else text[: _TEXT_SHOWN - 1] + "…"
