"""What an action does on a search whose time is up before it has looked at any task."""

from __future__ import annotations

from typing import Any

from tests.contract.stories import BASE, shop
from umbel.query.ast import EVERYTHING
from umbel.services.control.targets import PAGE_BUDGET_S, TargetSelection
from umbel.services.control.types import ActionRequest
from umbel.store.base import Page
from umbel.store.memory import MemoryStore

#: The time within which it gets anywhere, seconds.
NEEDS_S = 3 * PAGE_BUDGET_S


class SlowStore(MemoryStore):
    """A store that needs longer for a page than an action usually gives it."""

    def search(self, *args: Any, **options: Any) -> Page:
        if options["budget_s"] < NEEDS_S:
            return Page(items=(), cursor="0", complete=False, reached=BASE)
        return super().search(*args, **{**options, "cursor": None})


def test_a_search_that_gets_nowhere_is_given_more_time_until_it_gets_on() -> None:
    store = SlowStore()
    store.apply(shop())
    selection = TargetSelection(ActionRequest(action="retry", q=""), EVERYTHING, BASE + 600)

    found = [target.uuid for chunk in selection.chunks(store, 100) for target in chunk]

    assert len(found) == len(store.tasks(found)) > 0
