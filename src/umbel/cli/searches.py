"""`umbel searches`: searches with a name, as they are saved and found in the browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from umbel.cli import printing
from umbel.cli.groups import Group
from umbel.cli.listing import ListFormat, listing_options, print_rows
from umbel.cli.source import with_source
from umbel.cli.tasks import QueryCommand
from umbel.query.orders import ORDER_NAMES

if TYPE_CHECKING:
    from umbel.python.sources import Source

_COLUMNS: Final = ("name", "query", "order", "for", "changed")
_CSV_COLUMNS: Final = (
    "id", "name", "q", "order", "tz", "shared", "owner", "created", "changed", "changed_by",
)  # fmt: skip


@click.group(cls=Group, short_help="Saved searches: list, save and delete them.")
def searches() -> None:
    """Searches with a name, those of the Tasks page. umbel tasks --saved NAME runs one."""


@searches.command(name="list")
@listing_options
@with_source
def list_searches(source: Source, form: ListFormat) -> int:
    """Print your own, then those that others share."""
    import msgspec

    rows = [msgspec.to_builtins(each) for each in source.searches().items]
    columns = _CSV_COLUMNS if form.as_csv else _COLUMNS
    printed = print_rows(rows, columns, form, shown=_shown, times=("created", "changed"))
    if not printed and not form.as_json:
        printing.say("No search is saved yet.", err=True)
    return 0


@searches.command(cls=QueryCommand)
@click.argument("name")
@click.argument("query", nargs=-1)
@click.option(
    "-o", "--order", type=click.Choice(ORDER_NAMES), default="-changed", metavar="ORDER",
    help="As umbel tasks --order takes it; what changed last comes first unless given.",
)  # fmt: skip
@click.option("--shared", is_flag=True, help="Everybody sees it; it takes an operator.")
@click.option("--replace", is_flag=True, help="In the place of your search of that name.")
@with_source
def save(
    source: Source, name: str, query: tuple[str, ...], order: str, shared: bool, replace: bool
) -> int:
    """Save QUERY under NAME, for yourself; times in it are UTC.

    umbel searches save 'Failed mails' 'state:FAILURE queue:mail updated:-1h..'
    """
    from umbel.services.search.saved_searches import NewSearch, SearchChanges

    q = " ".join(query)
    before = _mine(source, name) if replace else None
    if before is None:
        kept = source.save_search(NewSearch(name=name, q=q, order=order, shared=shared))
    else:
        changes = SearchChanges(q=q, order=order, tz="UTC", shared=shared or None)
        kept = source.change_search(before, changes)
    who = "everybody" if kept.shared else "you"
    printing.say(f"Saved {printing.clean(kept.name)} for {who}.", err=True)
    return 0


@searches.command()
@click.argument("name")
@with_source
def delete(source: Source, name: str) -> int:
    """Delete the search NAME: yours, or a shared one if you have none of that name."""
    from umbel.services.search.saved_searches import named

    gone = source.delete_search(named(source.searches(), name).id)
    printing.say(f"Deleted {printing.clean(gone.name)}.", err=True)
    return 0


def _mine(source: Source, name: str) -> str | None:
    """The id of one's own search of that name."""
    from umbel.services.search.saved_searches import find

    found = find(source.searches(), name)
    return found.id if found is not None and found.mine else None


def _shown(row: Mapping[str, Any]) -> dict[str, str]:
    owner = row["owner"] or "everybody"
    return {
        "name": row["name"],
        "query": row["q"],
        "order": row["order"],
        "for": f"everybody, by {owner}" if row["shared"] and row["owner"] else owner,
        "changed": printing.clock(row["changed"]),
    }
