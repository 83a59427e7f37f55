"""Saved searches, as every ledger keeps them, and the bounds that all of them hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from umbel.errors import NameTaken, TooManySearches

#: How many searches one person keeps for themselves, how many are shared, and how many there are
#: of all people together.
SEARCHES_EACH: Final = 100
SEARCHES_SHARED: Final = 200
SEARCHES_MAX: Final = 20_000


class SavedSearch(msgspec.Struct, frozen=True, kw_only=True):
    """A search with a name: its text, order, and the zone of times in it that name none. It is of
    `owner`, as the audit names people, or of nobody ("") where nobody logs in. Unless it is
    `shared`, its owner alone sees it. `created` and `changed` (by `changed_by`) are Unix
    seconds."""

    id: str
    owner: str
    name: str
    q: str
    order: str
    tz: str
    shared: bool
    created: float
    changed: float
    changed_by: str


def refuse_beyond_bounds(search: SavedSearch, seen: Iterable[SavedSearch], count: int) -> None:
    """What `Ledger.keep_search` raises. `seen` are those that the owner sees, and `count` is how
    many there are of everybody."""
    others = [each for each in seen if each.id != search.id]
    alike = [
        each
        for each in others
        if each.name == search.name
        and (each.owner == search.owner or (each.shared and search.shared))
    ]
    if alike:
        whose = "There is a shared search" if alike[0].shared else "You have a search"
        raise NameTaken(
            f"{whose} of that name already.", remedy="Choose another name, or change that one."
        )
    if search.shared:
        most, of_whom = SEARCHES_SHARED, "shared"
        there = sum(each.shared for each in others)
    else:
        most, of_whom = SEARCHES_EACH, "of one person"
        there = sum(not each.shared for each in others)
    if there >= most:
        raise TooManySearches(
            f"There are {most:,} searches {of_whom}, and no more are kept.",
            remedy="Delete one that is not needed any more.",
        )
    if count >= SEARCHES_MAX and all(each.id != search.id for each in seen):
        raise TooManySearches(
            f"There are {SEARCHES_MAX:,} searches of all people, and no more are kept.",
            remedy="Delete one that is not needed any more.",
        )
