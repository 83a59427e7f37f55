"""The span of time of a list: `--since` and `--until`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import click

from umbel.errors import QueryError

if TYPE_CHECKING:
    from umbel.query.ast import Moment

F = TypeVar("F", bound=Callable[..., Any])

#: How long ago, as it is often written: `24h` for `-24h`.
_AGO: Final = re.compile(r"\d.*[a-z]")


def span_options(usual: str) -> Callable[[F], F]:
    """Add --since, which is `usual` ago unless given, and --until: None, or a `Moment`, of which
    `with_source` makes Unix seconds."""

    def add(command: F) -> F:
        found: Any = click.option(
            "--until", callback=_moment, metavar="TIME", help="Until then; now unless given."
        )(command)
        return cast(F, click.option(
            "--since", callback=_moment, metavar="TIME",
            help=f"From then on: {usual} (unless given), 7d, 2026-11-22T09:30.",
        )(found))  # fmt: skip

    return add


def moment_option(name: str, help_: str) -> Callable[[F], F]:
    """Add an option that takes a time: None, or a `Moment`, as in `span_options`."""
    return click.option(name, callback=_moment, metavar="TIME", default=None, help=help_)


def _moment(_context: click.Context, parameter: click.Parameter, text: str | None) -> Moment | None:
    """A time of the query language; `with_source` makes Unix seconds of it by the clock of the
    source, since that of this machine may differ from the server's."""
    from umbel.query.ast import During
    from umbel.query.parse import parse

    if text is None:
        return None
    written = f"-{text}" if _AGO.fullmatch(text) and "T" not in text else text
    try:
        found = parse(f"finished:{written}..")
    except QueryError as error:
        raise click.BadParameter(error.message, param=parameter) from error
    if not isinstance(found, During) or found.low is None:
        raise click.BadParameter(
            "It takes a time ago such as 24h or 7d, or a date such as 2026-11-22T09:30.",
            param=parameter,
        )
    return found.low
