"""What the ledger has of searches that people saved."""

from __future__ import annotations

from typing import Any, Final

import apsw
import msgspec

from umbel.store.saved_searches import SavedSearch, refuse_beyond_bounds
from umbel.store.sqlite.files.migrations import version
from umbel.store.sqlite.files.paths import only_row
from umbel.store.sqlite.ledger_file import SEARCHES_FORMAT, LedgerFile

#: Quoted, since `order` is a word of SQL.
_COLUMNS: Final = ", ".join(f'"{name}"' for name in SavedSearch.__struct_fields__)
_MARKS: Final = ", ".join("?" * len(SavedSearch.__struct_fields__))
_ONE: Final = f"SELECT {_COLUMNS} FROM saved_search WHERE id = ?"  # noqa: S608
_SEEN: Final = f"SELECT {_COLUMNS} FROM saved_search WHERE owner = ? OR shared ORDER BY name, id"  # noqa: S608


class LedgerSearches:
    """The part of `SqliteLedger` that saved searches need: see `store.ledger.Ledger`."""

    _file: LedgerFile

    def keep_search(self, search: SavedSearch, *, instead_of: SavedSearch | None) -> bool:
        with self._file.writing() as connection:
            if _one(connection, search.id) != instead_of:
                return False
            count = only_row(connection, "SELECT count(*) FROM saved_search")[0]
            refuse_beyond_bounds(search, _seen(connection, search.owner), int(count))
            connection.execute(
                f"INSERT OR REPLACE INTO saved_search ({_COLUMNS}) VALUES ({_MARKS})",  # noqa: S608
                msgspec.structs.astuple(search),
            )
            return True

    def drop_search(self, search_id: str) -> bool:
        with self._file.writing() as connection:
            connection.execute("DELETE FROM saved_search WHERE id = ?", (search_id,))
            return connection.changes() > 0

    def saved_search(self, search_id: str) -> SavedSearch | None:
        with self._file.reading() as connection:
            # A file of an older Umbel gets the table when this one first writes to it.
            if connection is None or version(connection) < SEARCHES_FORMAT:
                return None
            return _one(connection, search_id)

    def saved_searches(self, owner: str) -> tuple[SavedSearch, ...]:
        with self._file.reading() as connection:
            if connection is None or version(connection) < SEARCHES_FORMAT:
                return ()
            return _seen(connection, owner)


def _one(connection: apsw.Connection, search_id: str) -> SavedSearch | None:
    row = connection.execute(_ONE, (search_id,)).fetchone()
    return None if row is None else _search(row)


def _seen(connection: apsw.Connection, owner: str) -> tuple[SavedSearch, ...]:
    return tuple(_search(row) for row in connection.execute(_SEEN, (owner,)))


def _search(row: tuple[Any, ...]) -> SavedSearch:
    values = dict(zip(SavedSearch.__struct_fields__, row, strict=True))
    return SavedSearch(**{**values, "shared": bool(values["shared"])})
