"""What people call a provider: the label of the settings, or the name that it is known by."""

from __future__ import annotations

from typing import Final

from umbel.auth.providers.config import ProviderConfig

_LABELS: Final = {
    "google": "Google",
    "gitlab": "GitLab",
    "gitlab-oauth2": "GitLab",
    "github": "GitHub",
    "okta": "Okta",
    "entra": "Microsoft",
    "keycloak": "Keycloak",
    "auth0": "Auth0",
}


def label_of(config: ProviderConfig) -> str:
    """The label of a provider; without one in the settings its kind's, or its own name."""
    return config.label or _LABELS.get(config.kind, config.name)
