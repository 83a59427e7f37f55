"""`umbel deploy` and `umbel deploys`: announce a deploy, and list those that were seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from umbel.cli import printing
from umbel.cli.listing import ListFormat, limit_option, listing_options, print_rows
from umbel.cli.source import with_source
from umbel.cli.time_span import moment_option, span_options

if TYPE_CHECKING:
    from umbel.python.sources import Source

_COLUMNS: Final = ("at", "id", "title", "by", "changes")
_CSV_COLUMNS: Final = (
    "at", "until", "id", "version", "kinds", "by", "note", "celery", "added", "removed", "workers",
)  # fmt: skip


@click.command(short_help="Announce that a version was deployed.")
@click.argument("version", required=False)
@click.option("--note", default="", help="Your words about it; everybody reads them.")
@moment_option("--at", "When it was: now unless given, 10m (ago), 2026-11-22T09:30.")
@click.option("--remove", metavar="ID", default=None, help="Take a deploy back, by its id.")
@with_source
def deploy(
    source: Source, version: str | None, note: str, at: float | None, remove: str | None
) -> int:
    """Announce that VERSION was deployed, so that charts and errors tell of it."""
    if (remove is None) == (version is None or not version.strip()):
        raise click.UsageError("Give either the version that was deployed, or --remove ID.")
    if remove is not None:
        source.remove_deploy(remove)
        printing.say(f"The deploy {remove} is taken back.")
        return 0
    mark = source.announce_deploy((version or "").strip(), at, note.strip())
    printing.say(f"{mark.title} at {printing.clock(mark.at)} is announced as {mark.id}.")
    return 0


@click.command(short_help="List deploys, announced or seen.")
@span_options("7d")
@limit_option
@listing_options
@with_source
def deploys(
    source: Source, since: float | None, until: float | None, limit: int, form: ListFormat
) -> int:
    """List deploys, newest first: announced ones, and those that workers showed."""
    import msgspec

    after = source.now() - 7 * 86_400 if since is None else since
    found = source.deploys(after, until, limit)
    rows = [msgspec.to_builtins(each) for each in found.items]
    columns = _CSV_COLUMNS if form.as_csv else _COLUMNS
    printed = print_rows(rows, columns, form, shown=_shown, times=("at", "until"))
    if not form.as_json:
        if not printed:
            printing.say("No deploy of this time is known.", err=True)
        if found.more:
            printing.say(f"{found.more:,} older ones are not listed.", err=True)
    return 0


def _shown(row: Mapping[str, Any]) -> dict[str, str]:
    return {
        "at": printing.clock(row["at"]),
        "id": row["id"],
        "title": row["title"],
        "by": row["by"] or "",
        "changes": " ".join(row["changes"]),
    }
