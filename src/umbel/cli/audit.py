"""`umbel audit`: who did what, newest first, by actor and action."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from umbel.cli import printing
from umbel.cli.listing import ListFormat, listing_options, print_rows
from umbel.cli.source import with_source

if TYPE_CHECKING:
    from umbel.python.sources import Source

_COLUMNS: Final = ("at", "actor", "via", "action", "count", "target", "reason", "outcome", "answer")
_PAGE: Final = 200


@click.command(short_help="List who did what.")
@click.option("--actor", default=None, help="Only by this person.")
@click.option("--action", default=None, help="Only this action, such as revoke.")
@click.option(
    "-n", "--limit", type=click.IntRange(0), default=50, show_default=True,
    help="How many lines at most; 0 is all.",
)  # fmt: skip
@listing_options
@with_source
def audit(
    source: Source, actor: str | None, action: str | None, limit: int, form: ListFormat
) -> int:
    """List who did what to the cluster, newest first."""
    rows = _rows(source, actor, action, limit)
    printed = print_rows(rows, _COLUMNS, form, shown=_shown, times=("at",))
    if not printed and not form.as_json:
        nothing = "Nothing like this was done." if actor or action else "Nothing was done yet."
        printing.say(nothing, err=True)
    return 0


def _rows(
    source: Source, actor: str | None, action: str | None, limit: int
) -> Iterator[dict[str, Any]]:
    import msgspec

    before: int | None = None
    given = 0
    while not limit or given < limit:
        size = min(_PAGE, limit - given) if limit else _PAGE
        page = source.audit(before=before, limit=size, actor=actor, action=action)
        for entry in page.items:
            yield msgspec.to_builtins(entry)
        given += len(page.items)
        if page.next is None:
            return
        before = page.next


def _shown(row: Mapping[str, Any]) -> dict[str, str]:
    cells = {name: "" if row[name] is None else str(row[name]) for name in _COLUMNS}
    cells["at"] = printing.clock(row["at"])
    return cells
