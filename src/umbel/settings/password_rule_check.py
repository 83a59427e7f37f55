"""Rules for people with a password (`provider = "password"`) that would concern nobody.

Such a rule narrows what somebody's entry gives them, or keeps them out, so one that is for nobody
by a slip leaves them the whole role of their entry.
"""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from typing import Final

from umbel.auth.people import everybody
from umbel.auth.rules import PASSWORD, Rule, decide
from umbel.errors import SettingsError
from umbel.settings.tree import Settings

#: All that is claimed of them.
_CLAIM: Final = "name"


def check_password_rules(settings: Settings) -> None:
    """Raises `SettingsError`."""
    people = everybody(settings.basic_auth, settings.auth.users)
    for rule in settings.auth.rules:
        if rule.provider == PASSWORD:
            _check(rule, people)


def _check(rule: Rule, people: Collection[str]) -> None:
    if rule.claim not in (None, _CLAIM):
        raise SettingsError(
            f"Rule {rule.number} of auth.rules looks for the claim {rule.claim} of people with a "
            f"password, of whom there is the {_CLAIM} alone, so it would be for nobody.",
            setting="auth.rules",
            remedy=f'Write claim = "{_CLAIM}", with names of auth.users.',
        )
    if any(_is_for(rule, name) for name in people):
        return
    wanted = [*rule.values, *rule.patterns]
    near = get_close_matches(wanted[0], people, n=1) if wanted else []
    whom = " and ".join(wanted) or "people with a password"
    raise SettingsError(
        f"Rule {rule.number} of auth.rules is for {whom}, whom nothing lets log in.",
        setting="auth.rules",
        remedy=f"Did you mean {near[0]}?" if near else "Add them to auth.users.",
    )


def _is_for(rule: Rule, name: str) -> bool:
    decision = decide([rule], PASSWORD, {_CLAIM: name}, rule.cluster or "")
    return bool(decision.grants or decision.because)
