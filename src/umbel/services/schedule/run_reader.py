"""The last runs of a task's name, by bounded reads of the history."""

from __future__ import annotations

from typing import Final

from umbel.clock import Clock
from umbel.query.ast import And, Comparison, During, Matches, Moment
from umbel.services.schedule.runs import EntryRun, run_of
from umbel.store.base import Store

#: So many rows are read of a name at once and at most for each of its entries, and of any name.
PAGE: Final = 100
ROWS_MAX: Final = 1_000
#: One read may take so long, seconds.
BUDGET_S: Final = 1.0


def read_runs(
    store: Store, clock: Clock, name: str, since: float, rows: int
) -> tuple[list[EntryRun], float | None]:
    """The last runs of a name from `since` (Unix seconds), oldest first; and down to which time
    there are all of them, None for down to `since`. Raises `StoreError`."""
    query = And(
        (
            Matches("name", Comparison.EQUALS, (name,)),
            During("seen", Moment(absolute=since), None),
        )
    )
    found: list[EntryRun] = []
    cursor: str | None = None
    rows = min(ROWS_MAX, rows)
    while len(found) < rows:
        page = store.search(
            query, now=clock.now(), cursor=cursor, limit=min(PAGE, rows - len(found)),
            budget_s=BUDGET_S,
        )  # fmt: skip
        found += map(run_of, page.items)
        cursor = page.cursor
        if cursor is None or not page.complete:
            break
    found.sort(key=lambda run: run.at)
    return found, None if cursor is None else (found[0].at if found else clock.now())
