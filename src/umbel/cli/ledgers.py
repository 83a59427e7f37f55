"""The ledgers that commands about logins open, in this process."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from umbel.cli.printing import clean
from umbel.clock import SystemClock
from umbel.owner import owned
from umbel.services.control.login_audit import LoginAudit
from umbel.settings import Settings, check_data_directory, load_settings
from umbel.store.ledger import Ledger

#: What an option that says where may be: a text, and several for `--cluster`.
Where = str | tuple[str, ...] | None


class OpenedLedger(NamedTuple):
    """The ledger of a cluster, and the directory that it is in."""

    cluster: str
    directory: Path
    ledger: Ledger

    @property
    def audit(self) -> LoginAudit:
        """What writes to its audit."""
        return LoginAudit(self.ledger, SystemClock(), lambda: None)


@contextmanager
def named_ledgers(where: Mapping[str, Where]) -> Iterator[list[OpenedLedger]]:
    """The ledgers of the clusters that were named, or of the only one. Raises `UmbelError`."""
    named = tuple(dict.fromkeys(where.get("cluster") or ()))
    with _opened(_named(_given(where), named)) as found:
        yield found


@contextmanager
def all_ledgers(where: Mapping[str, Where]) -> Iterator[list[OpenedLedger]]:
    """The ledgers of all clusters of the settings, in their order. Raises `UmbelError`."""
    clusters = load_settings(_given(where), os.environ, Path.cwd()).clusters
    with _opened([(each.settings, name) for name, each in clusters.items()]) as found:
        yield found


def directories_of(ledgers: Sequence[OpenedLedger]) -> str:
    """The directories that were looked into, in words. Who names a server with `UMBEL_SERVER` may
    take what is not in them for what is not at that server."""
    found = ", ".join(dict.fromkeys(clean(str(each.directory)) for each in ledgers))
    if os.environ.get("UMBEL_SERVER"):
        return f"{found}; UMBEL_SERVER is not looked at"
    return found


def _given(where: Mapping[str, Where]) -> dict[str, object]:
    return {name: value for name, value in where.items() if value and name != "cluster"}


def _named(given: Mapping[str, object], clusters: Sequence[str]) -> Sequence[tuple[Settings, str]]:
    if not clusters:
        return [(load_settings(given, os.environ, Path.cwd()).one, "")]
    return [
        (load_settings({**given, "cluster": name}, os.environ, Path.cwd()).one, name)
        for name in clusters
    ]


@contextmanager
def _opened(where: Sequence[tuple[Settings, str]]) -> Iterator[list[OpenedLedger]]:
    from umbel import app, composition

    with ExitStack() as closing:
        found = []
        for settings, cluster in where:
            check_data_directory(settings.data)
            app.make_directory(settings)
            closing.enter_context(owned(settings.data))
            ledger = composition.open_ledger(settings)
            closing.callback(ledger.close)
            found.append(OpenedLedger(cluster, settings.data, ledger))
        yield found
