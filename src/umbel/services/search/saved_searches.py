"""Saved searches: who sees, changes and shares them, with a line of the audit for shared ones.

A search that is not shared is its owner's alone, whatever their role. To share one with everybody,
or to change what others see, takes the right to operate; an admin changes and deletes everybody's
shared searches. Where nobody logs in there is nobody to keep one for: all are shared, and nobody's.
"""

from __future__ import annotations

import secrets
import unicodedata
from typing import Final, Literal

import msgspec

from umbel.auth.base import ANONYMOUS, Actor
from umbel.characters import is_seen, visible
from umbel.clock import Clock
from umbel.errors import ActionRefused, NotPermitted, SearchUnknown
from umbel.query.parse import parse
from umbel.services.deed import deed_of
from umbel.services.time_zones import zone_of
from umbel.store.ledger import Ledger
from umbel.store.saved_searches import SavedSearch

#: The longest name, in characters.
NAME_MAX: Final = 100
#: The order of the Tasks page unless another is asked for.
USUAL_ORDER: Final = "-changed"
#: Without width, and still part of names: Persian and many an emoji are joined by them.
_JOINERS: Final = "\u200c\u200d"
#: So often a change is made anew because somebody else was first.
_ATTEMPTS: Final = 5

#: As the audit calls them.
Deed = Literal["share-search", "change-search", "unshare-search", "delete-search"]


class NewSearch(msgspec.Struct, frozen=True, kw_only=True):
    """A search that somebody wants to keep, for themselves or `shared`."""

    name: str
    q: str = ""
    order: str = USUAL_ORDER
    tz: str = "UTC"
    shared: bool = False


class SearchChanges(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What becomes of a saved search; None stays as it is."""

    name: str | None = None
    q: str | None = None
    order: str | None = None
    tz: str | None = None
    shared: bool | None = None


class ListedSearch(msgspec.Struct, frozen=True, kw_only=True):
    """A saved search as one person sees it: whether it is `mine`, and whether this person may
    change it (`changeable`) and delete it (`deletable`). `owner` is empty where nobody logged in.
    `tz` is the zone of times in `q` that name none; `created` and `changed` are Unix seconds."""

    id: str
    name: str
    q: str
    order: str
    tz: str
    shared: bool
    owner: str
    mine: bool
    changeable: bool
    deletable: bool
    created: float
    changed: float
    changed_by: str


class SearchList(msgspec.Struct, frozen=True):
    """Saved searches: one's own, then those that others share, each by name."""

    items: tuple[ListedSearch, ...]


class SavedSearches:
    """Any thread. Raises `QueryError` and `ZoneUnknown` for what cannot be searched for,
    `ActionRefused` for a wrong name, `NotPermitted`, `SearchUnknown`, `NameTaken`,
    `TooManySearches` and `StoreError`."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def all(self, actor: Actor) -> SearchList:
        """What this person sees."""
        found = [_listed(each, actor) for each in self._ledger.saved_searches(_owner(actor))]
        return SearchList(tuple(sorted(found, key=lambda each: not each.mine)))

    def save(self, wanted: NewSearch, actor: Actor) -> ListedSearch:
        """Keep a search."""
        owner, now = _owner(actor), self._clock.now()
        shared = wanted.shared or not owner
        if shared:
            _check_may_share(actor)
        made = SavedSearch(
            id=secrets.token_hex(8),
            owner=owner,
            name=_name(wanted.name),
            q=wanted.q.strip(),
            order=wanted.order,
            tz=wanted.tz,
            shared=shared,
            created=now,
            changed=now,
            changed_by=actor.name,
        )
        parse(made.q, zone_of(made.tz))
        self._ledger.keep_search(made, instead_of=None)
        if shared:
            self._record(actor, "share-search", made)
        return _listed(made, actor)

    def change(self, search_id: str, changes: SearchChanges, actor: Actor) -> ListedSearch:
        """Give it another name, another search, or other readers."""
        for _ in range(_ATTEMPTS):
            before = self._seen(search_id, actor)
            after = self._changed(before, changes, actor)
            if self._ledger.keep_search(after, instead_of=before):
                self._note(before, after, actor)
                return _listed(after, actor)
        raise ActionRefused(
            "Others change this search at the same time.", remedy="Look again, then change it."
        )

    def delete(self, search_id: str, actor: Actor) -> ListedSearch:
        """Forget it."""
        found = self._seen(search_id, actor)
        if not _may_delete(found, actor):
            raise NotPermitted(
                f"{_by(found)} shares this search, and only they and admins delete it."
            )
        if not self._ledger.drop_search(search_id):
            raise _unknown(search_id)
        if found.shared:
            self._record(actor, "delete-search", found)
        return _listed(found, actor)

    def _changed(self, before: SavedSearch, changes: SearchChanges, actor: Actor) -> SavedSearch:
        given = {
            name: value
            for name, value in msgspec.structs.asdict(changes).items()
            if value is not None
        }
        after = msgspec.structs.replace(
            before, **given, changed=self._clock.now(), changed_by=actor.name
        )
        after = msgspec.structs.replace(after, name=_name(after.name), q=after.q.strip())
        parse(after.q, zone_of(after.tz))
        _check_may_change(before, after, actor)
        return after

    def _seen(self, search_id: str, actor: Actor) -> SavedSearch:
        """One that this person sees: that others keep one for themselves is told to nobody."""
        found = self._ledger.saved_search(search_id)
        if found is None or not (found.shared or found.owner == _owner(actor)):
            raise _unknown(search_id)
        return found

    def _note(self, before: SavedSearch, after: SavedSearch, actor: Actor) -> None:
        if after.shared:
            self._record(actor, "change-search" if before.shared else "share-search", after)
        elif before.shared:
            self._record(actor, "unshare-search", after)

    def _record(self, actor: Actor, deed: Deed, search: SavedSearch) -> None:
        target = f"the search {visible(search.name, keep=_JOINERS)}"
        self._ledger.record(deed_of(actor, deed, target, self._clock.now(), query=search.q))


def find(searches: SearchList, name: str) -> ListedSearch | None:
    """The search of that name, one's own before a shared one."""
    wanted = _tidy(name)
    return next((each for each in searches.items if each.name == wanted), None)


def named(searches: SearchList, name: str) -> ListedSearch:
    """The same. Raises `SearchUnknown`."""
    found = find(searches, name)
    if found is None:
        raise SearchUnknown(
            f"There is no saved search {visible(name)[:NAME_MAX]}.",
            remedy="umbel searches list names those that there are.",
        )
    return found


def _owner(actor: Actor) -> str:
    return "" if actor.name == ANONYMOUS else actor.name


def _is_mine(search: SavedSearch, actor: Actor) -> bool:
    return search.owner == _owner(actor)


def _may_change(search: SavedSearch, actor: Actor) -> bool:
    if not search.shared:
        return _is_mine(search, actor)
    return actor.may("administer") or (_is_mine(search, actor) and actor.may("operate"))


def _may_delete(search: SavedSearch, actor: Actor) -> bool:
    # Who lost the role to share still takes back what they shared; what is nobody's is no one's.
    return _may_change(search, actor) or (bool(search.owner) and _is_mine(search, actor))


def _check_may_change(before: SavedSearch, after: SavedSearch, actor: Actor) -> None:
    is_mine = _is_mine(before, actor)
    if before.shared and not after.shared:
        if not before.owner or not is_mine:
            raise ActionRefused(
                "Only its owner keeps a shared search for themselves; nobody else would see it.",
                remedy="Delete it instead.",
                field="shared",
            )
    elif after.shared and not _may_change(before, actor):
        if is_mine:
            _check_may_share(actor)
        raise NotPermitted(f"{_by(before)} shares this search, and only they and admins change it.")
    elif after.shared and not before.shared:
        _check_may_share(actor)


def _check_may_share(actor: Actor) -> None:
    if actor.may("operate"):
        return
    if _owner(actor):
        raise NotPermitted(
            "Sharing a search with everybody takes the right to operate, which you do not have "
            "here.",
            remedy="Save it for yourself alone.",
        )
    raise NotPermitted(
        "Nobody logs in here, so what is saved is everybody's, and that takes the right to operate."
    )


def _by(search: SavedSearch) -> str:
    return visible(search.owner) if search.owner else "Nobody who logs in"


def _unknown(search_id: str) -> SearchUnknown:
    return SearchUnknown(
        f"There is no saved search with the id {visible(search_id)} that you may look at.",
        remedy="GET /api/v1/searches lists those that there are.",
    )


def _tidy(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).split())


def _name(given: str) -> str:
    """The name as it is kept. Raises `ActionRefused`."""
    name = _tidy(given)
    unseen = next((c for c in name if c not in _JOINERS and not is_seen(c)), None)
    if not name.strip(_JOINERS):
        raise ActionRefused("The search needs a name.", field="name")
    if len(name) > NAME_MAX:
        raise ActionRefused(
            f"A name has at most {NAME_MAX} characters, and this one has {len(name):,}.",
            field="name",
        )
    if unseen is not None:
        raise ActionRefused(
            f"The name holds a character that nobody sees ({visible(unseen)}).",
            remedy="Leave it out.",
            field="name",
        )
    return name


def _listed(search: SavedSearch, actor: Actor) -> ListedSearch:
    return ListedSearch(
        **msgspec.structs.asdict(search),
        mine=_is_mine(search, actor),
        changeable=_may_change(search, actor),
        deletable=_may_delete(search, actor),
    )
