"""Saved searches, as every ledger keeps them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from umbel.errors import NameTaken, TooManySearches
from umbel.store.ledger import Ledger
from umbel.store.saved_searches import SEARCHES_EACH, SEARCHES_SHARED, SavedSearch


def search(name: str, *, owner: str = "ada", shared: bool = False, **changes: Any) -> SavedSearch:
    made = SavedSearch(
        id=f"{owner}-{name}", owner=owner, name=name, q="state:FAILURE updated:-1h..",
        order="-changed", tz="Europe/Berlin", shared=shared, created=100.0, changed=100.0,
        changed_by=owner,
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def keep(ledger: Ledger, *searches: SavedSearch) -> None:
    for each in searches:
        assert ledger.keep_search(each, instead_of=None)


def test_somebody_sees_their_own_searches_and_those_that_are_shared(ledger: Ledger) -> None:
    assert ledger.saved_searches("ada") == ()
    mine, shared = search("mine"), search("all", owner="bob", shared=True)
    keep(ledger, mine, shared, search("his", owner="bob"))

    assert ledger.saved_searches("ada") == (shared, mine)
    assert ledger.saved_searches("eve") == (shared,)
    assert ledger.saved_search(mine.id) == mine
    assert ledger.saved_search("none") is None


def test_one_of_several_that_replace_the_same_search_succeeds(ledger: Ledger) -> None:
    first = search("mine")
    keep(ledger, first)
    renamed = msgspec.structs.replace(first, name="failures", changed=120.0)

    assert not ledger.keep_search(renamed, instead_of=None)
    assert ledger.keep_search(renamed, instead_of=first)
    assert not ledger.keep_search(first, instead_of=first)
    assert ledger.saved_searches("ada") == (renamed,)


def test_a_search_that_is_gone_is_not_changed(ledger: Ledger) -> None:
    first = search("mine")
    keep(ledger, first)

    assert ledger.drop_search(first.id)
    assert not ledger.drop_search(first.id)
    assert not ledger.keep_search(first, instead_of=first)
    assert ledger.saved_searches("ada") == ()


def test_a_name_is_given_once_by_each_and_once_among_shared_ones(ledger: Ledger) -> None:
    keep(ledger, search("mail"), search("mail", owner="bob"), search("all", shared=True))

    with pytest.raises(NameTaken, match="You have a search of that name"):
        ledger.keep_search(search("mail", id="other"), instead_of=None)
    with pytest.raises(NameTaken, match="a shared search of that name"):
        ledger.keep_search(search("all", owner="bob", shared=True), instead_of=None)
    keep(ledger, search("all", owner="bob"))


def test_a_search_keeps_its_name_when_it_changes(ledger: Ledger) -> None:
    first = search("all", shared=True)
    keep(ledger, first)
    changed = msgspec.structs.replace(first, q="queue:mail", changed_by="root")

    assert ledger.keep_search(changed, instead_of=first)
    assert ledger.saved_search(first.id) == changed


def test_so_many_searches_one_person_keeps(ledger: Ledger) -> None:
    keep(ledger, *(search(f"s{number}") for number in range(SEARCHES_EACH)))

    with pytest.raises(TooManySearches, match="100 searches of one person"):
        ledger.keep_search(search("more"), instead_of=None)
    keep(ledger, search("more", shared=True), search("more", owner="bob"))
    last = search("s0")
    assert ledger.keep_search(msgspec.structs.replace(last, q=""), instead_of=last)


def test_so_many_searches_are_shared(ledger: Ledger) -> None:
    owners = ["ada", "bob", "cleo"]
    keep(
        ledger,
        *(
            search(f"s{number}", owner=owners[number % 3], shared=True)
            for number in range(SEARCHES_SHARED)
        ),
    )

    with pytest.raises(TooManySearches, match="200 searches shared"):
        ledger.keep_search(search("more", shared=True), instead_of=None)
    keep(ledger, search("more"))


def test_a_search_stays_when_the_ledger_is_trimmed(ledger: Ledger) -> None:
    keep(ledger, search("mine"))

    ledger.trim(before=1_000.0)

    assert ledger.saved_searches("ada") == (search("mine"),)


def test_another_process_sees_a_saved_search(shared_ledger: tuple[Ledger, Ledger]) -> None:
    first, second = shared_ledger
    keep(first, search("mine"))

    assert second.saved_searches("ada") == (search("mine"),)
