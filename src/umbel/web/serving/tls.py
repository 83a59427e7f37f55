"""The TLS context for HTTPS with a certificate and key of the settings."""

from __future__ import annotations

import ssl
from pathlib import Path

import msgspec

from umbel.errors import SettingsError


class Tls(msgspec.Struct, frozen=True):
    """A certificate, with those that lead to its authority, and its private key, in PEM."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """What connections are made with. Raises `SettingsError`."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(self.certificate, self.key, password=_no_password)
        except (OSError, ValueError) as error:  # what ssl raises is an OSError
            raise SettingsError(
                f"HTTPS cannot be served with {self.certificate} and {self.key}: "
                f"{getattr(error, 'reason', None) or getattr(error, 'strerror', None) or error}.",
                setting="tls_cert",
                remedy="Name a certificate and its key in PEM, which this user can read.",
            ) from None
        return context


def _no_password() -> str:
    """OpenSSL would ask at the terminal, where nobody may be."""
    raise ValueError("the key is protected by a password")
