"""Settings that are each right and together wrong, told before anything starts."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path
from stat import filemode

from umbel.auth.people import everybody
from umbel.errors import SettingsError
from umbel.owner import foreign_owner, user_name
from umbel.settings.clusters import RESERVED
from umbel.settings.login_check import check_logins
from umbel.settings.password_rule_check import check_password_rules
from umbel.settings.sources import DEFAULT, LoadedSettings
from umbel.settings.tree import SETTINGS, Settings


def check_serving(loaded: LoadedSettings) -> None:
    """Raises `SettingsError` where `umbel serve` could not do what was asked."""
    settings = loaded.settings
    for cluster in loaded.clusters.values():
        _check_cluster(cluster.settings)
        _check_alerts(cluster.settings)
    _check_directories_differ(loaded)
    _check_login(settings)
    check_logins(loaded)
    check_password_rules(settings)
    _check_hidden(loaded)
    _check_protected(loaded)
    _check_roles(loaded)
    _check_tls(settings)
    if settings.unix_socket is not None:
        _check_no_address_beside_the_socket(loaded)
    if settings.is_open and not settings.insecure:
        _check_nobody_counts_on_a_login(loaded)
        if settings.unix_socket is None:
            _check_only_this_machine_reaches(settings.address)


def check_collecting(loaded: LoadedSettings) -> None:
    """Raises `SettingsError` where `umbel collect` could not do what was asked."""
    _check_collecting(loaded.one)
    _check_hidden(loaded)


def _check_cluster(settings: Settings) -> None:
    _check_owner(settings.data)
    if settings.collect:
        _check_collecting(settings)
    elif not os.path.isdir(settings.data):  # noqa: PTH112 (one that is closed to this user is none)
        raise SettingsError(
            f"There is no data directory {settings.data} that this user can serve from.",
            setting="data",
            remedy="Start umbel collect with the same --data first, or leave out --no-collect.",
        )


def _check_alerts(settings: Settings) -> None:
    there = [each.name for each in settings.alerts.notifiers]
    for rule in settings.alerts.rules:
        for name in (*rule.notify, *rule.escalate_to):
            if name not in there:
                near = get_close_matches(name, there, n=1)
                raise SettingsError(
                    f"The rule {rule.name} of alerts names the notifier {name}, which there is "
                    "not.",
                    setting="alerts.rules",
                    remedy=f"Did you mean {near[0]}?"
                    if near
                    else f"Add the table [alerts.notifiers.{name}].",
                )


def _check_directories_differ(loaded: LoadedSettings) -> None:
    names: dict[Path, str] = {}
    for name, cluster in loaded.clusters.items():
        other = names.setdefault(cluster.settings.data.resolve(), name)
        if other != name:
            raise SettingsError(
                f"The clusters {other} and {name} have the same data directory, "
                f"{cluster.settings.data}.",
                setting="data",
                remedy="Leave data out of their tables, or name two.",
            )
    for directory, name in names.items():
        for above, owner in names.items():
            reserved = [above / each for each in RESERVED]
            if any(each in (directory, *directory.parents) for each in reserved):
                raise SettingsError(
                    f"The data directory of {name}, {directory}, is in a folder that the history "
                    f"of {owner} makes for itself.",
                    setting="data",
                    remedy="Leave data out of its table, or name another.",
                )


def _check_roles(loaded: LoadedSettings) -> None:
    people = everybody(loaded.settings.basic_auth, loaded.settings.auth.users)
    for name, cluster in loaded.clusters.items():
        if cluster.roles is not None and loaded.settings.is_open:
            raise SettingsError(
                f"clusters.{name}.roles says who may look at {name}, and nobody logs in.",
                setting=f"clusters.{name}.roles",
                remedy="Name who may log in (auth.users), or leave the table out.",
            )
        for person in cluster.roles or {}:
            if person not in people:
                near = get_close_matches(person, people, n=1)
                raise SettingsError(
                    f"clusters.{name}.roles has {person}, whom nothing lets log in.",
                    setting=f"clusters.{name}.roles",
                    remedy=f"Did you mean {near[0]}?" if near else "Add them to auth.users.",
                )


def _check_collecting(settings: Settings) -> None:
    if settings.broker is None and settings.app is None:
        raise SettingsError(
            "No broker is named.",
            setting="broker",
            remedy="Add -b redis://localhost:6379/0 (CELERY_BROKER_URL) or -A proj.celery:app; "
            "umbel demo needs none.",
        )
    _check_owner(settings.data)
    check_data_directory(settings.data)


def _check_owner(directory: Path) -> None:
    owner = foreign_owner(directory)
    if owner is not None:
        name = user_name(owner)
        raise SettingsError(
            f"The data directory {directory} belongs to {name}, and this is root: files that it "
            "made there could not be written by that user any more.",
            setting="data",
            remedy=f"Run it as that user (sudo -u {name} umbel ...), or name another directory "
            "with --data.",
        )


def check_data_directory(directory: Path) -> None:
    """Raises `SettingsError` unless the directory is writable or can be made."""
    # os.path: what a closed directory holds is not there for this user, and no error.
    candidates = (directory, *directory.absolute().parents)
    existing = next(path for path in candidates if os.path.exists(path))  # noqa: PTH110
    if not existing.is_dir():
        raise SettingsError(
            f"{existing} is a file, so the data directory {directory} cannot be there.",
            setting="data",
            remedy="Name another with --data.",
        )
    if os.access(existing, os.W_OK | os.X_OK):
        return
    me, owner = os.geteuid(), existing.stat().st_uid
    another = (
        "name another directory with --data (UMBEL_DATA), in a container a volume that this user "
        "may write."
    )
    if os.statvfs(existing).f_flag & os.ST_RDONLY:
        reason = f"the file system that holds {existing} is read-only"
        remedy = "Systems mount a disk so when it fails: look into the system's log (dmesg), then "
        remedy += f"mount it for writing again, or {another}"
    elif owner == me:
        reason = f"the mode of {existing} is {filemode(existing.stat().st_mode)}"
        remedy = f"Allow it (chmod u+rwx {existing}), or {another}"
    else:
        reason = f"{existing} belongs to {user_name(owner)}"
        remedy = f"Run this as that user (sudo -u), or {another}"
    raise SettingsError(
        f"The data directory {directory} cannot be written by {user_name(me)}: {reason}.",
        setting="data",
        remedy=remedy,
    )


def _check_no_address_beside_the_socket(loaded: LoadedSettings) -> None:
    beside = [name for name in ("address", "port") if loaded.origins[name] != DEFAULT]
    if beside:
        raise SettingsError(
            f"unix_socket and {' and '.join(beside)} contradict each other.",
            setting="unix_socket",
            remedy="Name one of them.",
        )


def _check_login(settings: Settings) -> None:
    try:
        everybody(settings.basic_auth, settings.auth.users)
    except ValueError as error:
        raise SettingsError(
            f"In basic_auth and auth.users {error}.",
            setting="auth.users",
            remedy="Name everybody once, in one of them.",
        ) from None


def _check_tls(settings: Settings) -> None:
    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise SettingsError(
            "Of tls_cert and tls_key only one is set.",
            setting="tls_key",
            remedy="HTTPS needs both: the certificate and its key.",
        )
    if settings.tls_cert is not None and settings.unix_socket is not None:
        raise SettingsError(
            "tls_cert and unix_socket contradict each other.",
            setting="tls_cert",
            remedy="Let the proxy in front of the socket speak HTTPS.",
        )


def _check_hidden(loaded: LoadedSettings) -> None:
    """Nothing is shown, and stored, that Flower was told to hide."""
    lost = next((notice for notice in loaded.notices if notice.hides), None)
    if lost is None or any(
        origin != DEFAULT for name, origin in loaded.origins.items() if name.startswith("redact.")
    ):
        return
    raise SettingsError(
        lost.sentence,
        setting="redact.keys",
        remedy="Name what it hid: redact.keys for values by their name, redact.positions and "
        'redact.arguments by task, or say redact.keys = "default" (--redact-keys=default) if '
        "the usual secrets are enough.",
    )


def _check_protected(loaded: LoadedSettings) -> None:
    """Nothing may be done, or read on the way, that Flower was told to prevent."""
    for lost in loaded.notices:
        for name in lost.protects:
            if loaded.origins[name] == DEFAULT:
                entry = next(each for each in SETTINGS if each.name == name)
                raise SettingsError(
                    f"{lost.sentence} If it sets {name}, more would be open than was.",
                    setting=name,
                    remedy=f"Write it as a value in that file, or say {name} yourself "
                    f"({entry.env}{'=false if it is not wanted' if entry.kind.flag else ''}).",
                )


def _check_nobody_counts_on_a_login(loaded: LoadedSettings) -> None:
    lost = next((notice for notice in loaded.notices if notice.login), None)
    if lost is not None:
        raise SettingsError(
            f"{lost.sentence} Without a login this cluster would be open.",
            setting=lost.name,
            remedy="Configure one, or add --insecure if something else keeps people out.",
        )


def _check_only_this_machine_reaches(address: str) -> None:
    from umbel.web.http.hosts import is_loopback

    if not is_loopback(address):
        raise SettingsError(
            f"There is no login, so {address} would show and open this cluster to whoever "
            "reaches it.",
            setting="address",
            remedy="Name who may log in (--basic-auth or auth.users), listen on 127.0.0.1 behind "
            "a proxy that asks who it is, or add --insecure (UMBEL_INSECURE=true).",
        )
