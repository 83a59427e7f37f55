"""Durations on the command line, such as 5min or 2h, in seconds."""

from __future__ import annotations

import click


def seconds(_: click.Context, __: click.Parameter, text: str) -> float:
    """The callback of an option. Raises `click.BadParameter`."""
    from umbel.settings.units import DURATIONS, amount_of

    try:
        return amount_of(text, DURATIONS, "5min")
    except ValueError as error:
        raise click.BadParameter(f"{text} is no duration such as 5min or 2h. {error}") from None


def optional_seconds(
    context: click.Context, parameter: click.Parameter, text: str | None
) -> float | None:
    """The same of an option that may be left out."""
    return None if text is None else seconds(context, parameter, text)
