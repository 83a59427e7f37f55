"""Where a command finds tasks and cluster: a running server, or a data directory here.

`--server` (or UMBEL_SERVER) names a server, with UMBEL_TOKEN as the token; without one the
data directory of the settings is read, and the broker of the settings acted on.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, cast

import click
from click.core import ParameterSource

from umbel.errors import NotPermitted, StoreError
from umbel.masking import mask_address
from umbel.owner import owned
from umbel.settings import load_settings

if TYPE_CHECKING:
    from umbel.python.sources import Source

F = TypeVar("F", bound=Callable[..., Any])

#: The settings that say where the cluster is, with the option of each.
_SETTINGS: Final = {
    "app": ("-A", "--app", "NAME", "The Celery application, such as proj.celery:app."),
    "broker": ("-b", "--broker", "URL", "The broker, if it is not the application's."),
    "result_backend": ("", "--result-backend", "URL", "Where results are kept."),
    "data": ("", "--data", "PATH", "The directory of the history."),
    "config": ("", "--config", "PATH", "The TOML file with settings."),
    "cluster": ("", "--cluster", "NAME", "Which of several clusters; also UMBEL_CLUSTER."),
}


class ClusterOptions(NamedTuple):
    """Where a command looks: a cluster of a server or of the settings. `cluster` is its name where
    there are several and none was named, else empty."""

    cluster: str
    server: str | None
    token: str | None
    settings: Mapping[str, str | None]

    @contextlib.contextmanager
    def opened(self) -> Iterator[Source]:
        """Its source. Raises `UmbelError`."""
        cluster = self.cluster or self.settings["cluster"]
        try:
            with open_source(
                self.server, self.token, {**self.settings, "cluster": cluster}
            ) as source:
                yield source
        except NotPermitted as error:
            if error.is_stranger:
                raise _stranger(self.server or "", self.token) from error
            raise


def with_source(command: F) -> F:
    """Add the options that say where, and give the function the opened `source` first."""

    @functools.wraps(command)
    def opened(*, server: str | None, token: str | None, **given: Any) -> Any:
        settings = {name: given.pop(name) for name in _SETTINGS}
        with ClusterOptions("", server, token, settings).opened() as source:
            return command(source, **by_clock_of(source, given))

    return cast(F, _with_options(opened))


def by_clock_of(source: Source, given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, with times as Unix seconds: `1h` ago is an hour before the source's now.
    Raises `click.UsageError` for a span of time that is none."""
    from umbel.query.ast import Moment

    if not any(isinstance(value, Moment) for value in given.values()):
        return dict(given)
    now = source.now()
    found = {
        name: value.at(now) if isinstance(value, Moment) else value for name, value in given.items()
    }
    since, until = found.get("since"), found.get("until")
    if since is not None and since >= (now if until is None else until):
        raise click.UsageError(
            f"--since must lie before {'now' if until is None else '--until'}: nothing is between."
        )
    return found


def with_each_cluster(command: F) -> F:
    """The same for a command that tells of every cluster where none was named: the function gets
    the `clusters` first, of which there is one at least."""

    @functools.wraps(command)
    def found(*, server: str | None, token: str | None, **given: Any) -> Any:
        settings = {name: given.pop(name) for name in _SETTINGS}
        names = _cluster_names(ClusterOptions("", server, token, settings))
        clusters = [ClusterOptions(name, server, token, settings) for name in names]
        return command(clusters, **given)

    return cast(F, _with_options(found))


def _cluster_names(where: ClusterOptions) -> list[str]:
    """The clusters to look at, each by its name; an empty one for the one that is meant anyway."""
    if where.settings["cluster"] or os.environ.get("UMBEL_CLUSTER"):
        return [""]
    if where.server is None:
        given = {name: value for name, value in where.settings.items() if value is not None}
        clusters = load_settings(given, os.environ, Path.cwd()).clusters
        return list(clusters) if len(clusters) > 1 else [""]
    with where.opened() as server:
        return list(server.cluster_names()) or [""]


def _with_options(command: Any) -> Any:
    found: Any = command
    for name, (short, long, metavar, help_) in reversed(_SETTINGS.items()):
        names = [short, long] if short else [long]
        found = click.option(*names, name, default=None, metavar=metavar, help=help_)(found)
    found = click.option(
        "--token",
        envvar="UMBEL_TOKEN",
        default=None,
        metavar="TOKEN",
        help="An API token of that server; better in UMBEL_TOKEN.",
    )(found)
    server = click.option(
        "-s",
        "--server",
        envvar="UMBEL_SERVER",
        default=None,
        metavar="URL",
        help="A running Umbel, such as http://127.0.0.1:5555; also UMBEL_SERVER.",
    )
    return server(found)


def _stranger(server: str, token: str | None) -> NotPermitted:
    """Who asked a server was not known there: which token that was."""
    if not token:
        return NotPermitted(
            f"{mask_address(server)} asks who you are, and no token was given.",
            remedy="Put one into UMBEL_TOKEN (umbel token create makes one).",
        )
    context = click.get_current_context(silent=True)
    by = context.get_parameter_source("token") if context is not None else None
    where = "--token" if by is ParameterSource.COMMANDLINE else "the variable UMBEL_TOKEN"
    return NotPermitted(
        f"{mask_address(server)} does not know the token of {where}: it is wrong, revoked, "
        "expired, or another server's.",
        remedy="umbel token list, run with the data directory of that server, names its tokens.",
    )


@contextlib.contextmanager
def open_source(
    server: str | None, token: str | None, settings: Mapping[str, str | None]
) -> Iterator[Source]:
    """The server, or the data directory that the settings name. Raises `UmbelError`."""
    if server is not None:
        from umbel.client.address import of_cluster
        from umbel.client.client import Client
        from umbel.python.remote import RemoteSource

        cluster = settings["cluster"] or os.environ.get("UMBEL_CLUSTER")
        source: Source = RemoteSource(Client(of_cluster(server, cluster), token=token))
    else:
        from umbel.python.opening import open_settings

        given = {name: value for name, value in settings.items() if value is not None}
        found = load_settings(given, os.environ, Path.cwd()).one
        if not os.path.isdir(found.data):  # noqa: PTH112 (one that is closed to this user is none)
            raise StoreError(
                f"There is no directory {found.data} with a history that this user can open.",
                remedy="Name a running Umbel with --server (UMBEL_SERVER), or the directory with "
                "--data (UMBEL_DATA).",
            )
        with owned(found.data), contextlib.closing(open_settings(found)) as here:
            yield here
        return
    with contextlib.closing(source):
        yield source
