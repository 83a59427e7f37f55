"""Who is kept out before any rule: by `hosted_domain` and `allowed_groups` of a provider."""

from __future__ import annotations

from umbel.auth.claims import values_at
from umbel.auth.providers.base import Claimed
from umbel.auth.providers.config import ProviderConfig
from umbel.auth.providers.printable import printable
from umbel.errors import LoginRefused


def admit(config: ProviderConfig, claimed: Claimed) -> Claimed:
    """The same claims. Raises `LoginRefused` for somebody who is not of the domains or groups that
    the settings name."""
    label = config.label or config.name
    if config.hosted_domain:
        domain = claimed.claims.get("hd")
        wanted = {each.lower() for each in config.hosted_domain}
        # Beyond ASCII, other letters become the same small ones.
        is_ascii = isinstance(domain, str) and domain.isascii()
        if not is_ascii or str(domain).lower() not in wanted:
            which = f"the domain {printable(domain)}" if domain is not None else "no domain"
            raise LoginRefused(
                f"{claimed.name} is of {which} at {label}, and only "
                f"{' and '.join(config.hosted_domain)} may log in (hosted_domain)."
            )
    if config.allowed_groups and set(config.allowed_groups).isdisjoint(
        values_at(claimed.claims, "groups")
    ):
        notes = " ".join(("", *claimed.notes))
        raise LoginRefused(
            f"{claimed.name} is in none of the groups of {label} that may log in "
            f"(allowed_groups).{notes}"
        )
    return claimed
