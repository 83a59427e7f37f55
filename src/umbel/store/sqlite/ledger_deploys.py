"""What the ledger has of deploys: facts about them, and what they are recognized by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from umbel.store.ledger import DEPLOYS_KEPT_S, DEPLOYS_MAX, Deploy
from umbel.store.sqlite.files.migrations import version
from umbel.store.sqlite.ledger_file import DEPLOYS_FORMAT, LedgerFile

_NAMES: Final = Deploy.__struct_fields__
_DEPLOY: Final = ", ".join(_NAMES)
_LISTS: Final = ("added", "removed")


class LedgerDeploys:
    """The part of `SqliteLedger` that deploys need: see `store.ledger.Ledger`."""

    _file: LedgerFile

    def keep_deploy(self, deploy: Deploy) -> None:
        values = [
            msgspec.json.encode(value).decode() if name in _LISTS else value
            for name, value in msgspec.structs.asdict(deploy).items()
        ]
        with self._file.writing() as connection:
            connection.execute(
                f"INSERT OR REPLACE INTO deploy ({_DEPLOY}) "  # noqa: S608
                f"VALUES ({', '.join('?' * len(values))})",
                values,
            )
            connection.execute("DELETE FROM deploy WHERE at < ?", (deploy.at - DEPLOYS_KEPT_S,))
            connection.execute(
                "DELETE FROM deploy WHERE id IN "
                "(SELECT id FROM deploy ORDER BY at DESC, id DESC LIMIT -1 OFFSET ?)",
                (DEPLOYS_MAX,),
            )

    def drop_deploys(self, ids: Iterable[str]) -> int:
        with self._file.writing() as connection:
            dropped = 0
            for each in ids:
                connection.execute("DELETE FROM deploy WHERE id = ?", (each,))
                dropped += connection.changes()
            return dropped

    def deploys(
        self, after: float | None = None, before: float | None = None, limit: int = DEPLOYS_MAX
    ) -> tuple[Deploy, ...]:
        with self._file.reading() as connection:
            # A file of an older Umbel gets the table when this one first writes to it.
            if connection is None or version(connection) < DEPLOYS_FORMAT:
                return ()
            rows = connection.execute(
                f"SELECT {_DEPLOY} FROM deploy WHERE (?1 IS NULL OR until >= ?1) "  # noqa: S608
                "AND (?2 IS NULL OR at < ?2) ORDER BY at DESC, id DESC LIMIT ?3",
                (after, before, limit),
            ).fetchall()
        return tuple(map(_deploy, rows))

    def keep_fleet(self, fleet: bytes) -> None:
        with self._file.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO fleet VALUES (1, ?)", (fleet,))

    def fleet(self) -> bytes | None:
        row = self._file.row_of_format(DEPLOYS_FORMAT, "SELECT fleet FROM fleet", ())
        return None if row is None else bytes(row[0])


def _deploy(row: tuple[Any, ...]) -> Deploy:
    values = dict(zip(_NAMES, row, strict=True))
    return msgspec.convert(
        {k: msgspec.json.decode(v) if k in _LISTS else v for k, v in values.items()}, Deploy
    )
