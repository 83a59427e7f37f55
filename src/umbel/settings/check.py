"""Settings that are each right and together wrong, told before anything starts."""

from __future__ import annotations

import os
from pathlib import Path

from umbel.errors import SettingsError
from umbel.settings.sources import DEFAULT, Loaded


def check_serving(loaded: Loaded) -> None:
    """Raises `SettingsError` where `umbel serve` could not do what was asked."""
    settings = loaded.settings
    if settings.collect:
        check_collecting(loaded)
    elif not settings.data.is_dir():
        raise SettingsError(
            f"There is no data directory {settings.data} to serve from.",
            setting="data",
            remedy="Start umbel collect with the same --data first, or leave out --no-collect.",
        )
    if settings.unix_socket is not None:
        _check_no_address_beside_the_socket(loaded)
    elif not settings.insecure:
        _check_only_this_machine_reaches(settings.address)


def check_collecting(loaded: Loaded) -> None:
    """Raises `SettingsError` where `umbel collect` could not do what was asked."""
    settings = loaded.settings
    if settings.broker is None and settings.app is None:
        raise SettingsError(
            "No broker is named.",
            setting="broker",
            remedy="Add -b redis://localhost:6379/0 or -A proj.celery:app; umbel demo needs none.",
        )
    check_data_directory(settings.data)


def check_data_directory(directory: Path) -> None:
    """Raises `SettingsError` unless the directory is writable or can be made."""
    existing = next(path for path in (directory, *directory.absolute().parents) if path.exists())
    if not existing.is_dir():
        raise SettingsError(
            f"{existing} is a file, so the data directory {directory} cannot be there.",
            setting="data",
            remedy="Name another with --data.",
        )
    if not os.access(existing, os.W_OK | os.X_OK):
        raise SettingsError(
            f"The data directory {directory} cannot be written by this user.",
            setting="data",
            remedy="Change the owner of the directory, or name another with --data.",
        )


def _check_no_address_beside_the_socket(loaded: Loaded) -> None:
    beside = [name for name in ("address", "port") if loaded.origins[name] != DEFAULT]
    if beside:
        raise SettingsError(
            f"unix_socket and {' and '.join(beside)} contradict each other.",
            setting="unix_socket",
            remedy="Name one of them.",
        )


def _check_only_this_machine_reaches(address: str) -> None:
    from umbel.web.security import is_loopback

    if not is_loopback(address):
        raise SettingsError(
            f"There is no login yet, so {address} would show and open this cluster to whoever "
            "reaches it.",
            setting="address",
            remedy="Listen on 127.0.0.1 behind a proxy that asks who it is, or add --insecure.",
        )
