"""`umbel health`: what is wrong with the cluster, for people and for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from umbel.cli import printing
from umbel.cli.codes import DONE, FAILED, PARTLY
from umbel.cli.source import with_source

if TYPE_CHECKING:
    from umbel.python.sources import Source
    from umbel.services.health.health_finding import HealthFinding
    from umbel.services.health.health_findings import HealthAnswer


@click.command(short_help="Say what is wrong with the cluster.")
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON for programs.")
@with_source
def health(source: Source, as_json: bool) -> int:
    """Say what is wrong with the cluster, worst first, why it matters, and where to read what to
    do. Ends with 0 if nothing is (notices aside), 4 on warnings, or where that could not be known,
    1 if anything is critical. What somebody muted does not count."""
    import msgspec

    found = source.health()
    if as_json:
        printing.put_json(msgspec.to_builtins(found))
    else:
        for line in lines(found):
            printing.say(line)
    return code(found)


def code(found: HealthAnswer) -> int:
    """The exit code."""
    open_ones = {each.severity for each in found.findings if each.muted is None}
    if "critical" in open_ones:
        return FAILED
    is_unsure = found.well is None and "notice" not in open_ones
    return PARTLY if "warning" in open_ones or is_unsure else DONE


def lines(found: HealthAnswer) -> list[str]:
    """What is printed."""
    if found.well is not None:
        head = [found.well]
    elif any(each.muted is None for each in found.findings):
        head = []
    else:
        head = ["Nothing wrong was found, and not everything could be looked at."]
    more = [f"{found.more:,} more are not listed."] if found.more else []
    return [*head, *(line for each in found.findings for line in _finding(each)), *more,
            *(f"unknown: {each}" for each in found.unknown)]  # fmt: skip


def _finding(each: HealthFinding) -> list[str]:
    if each.muted is not None:
        until = printing.clock(each.muted.until)
        return [f"muted by {each.muted.by} until {until}: {each.sentence}"]
    page = each.docs.removeprefix("docs/").replace("#", ".md#")
    return [f"{each.severity}: {each.sentence}", f"  {each.why} (docs/{page})"]
