"""What the ledger has of health: which findings somebody muted, until when, and why."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from umbel.store.ledger import MUTES_MAX, Mute
from umbel.store.sqlite.files.migrations import version
from umbel.store.sqlite.ledger_file import MUTES_FORMAT
from umbel.store.sqlite.ledger_logins import LedgerLogins

_MUTE: Final = ", ".join(Mute.__struct_fields__)


class LedgerMutes(LedgerLogins):
    """The part of `SqliteLedger` that health needs: see there, and `store.ledger.Ledger`."""

    def keep_mute(self, mute: Mute) -> None:
        with self._file.writing() as connection:
            connection.execute("DELETE FROM mute WHERE until <= ?", (mute.at,))
            connection.execute(
                f"INSERT OR REPLACE INTO mute ({_MUTE}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608
                msgspec.structs.astuple(mute),
            )
            connection.execute(
                "DELETE FROM mute WHERE finding NOT IN "
                "(SELECT finding FROM mute ORDER BY until DESC, finding DESC LIMIT ?)",
                (MUTES_MAX,),
            )

    def drop_mute(self, finding: str) -> bool:
        with self._file.writing() as connection:
            connection.execute("DELETE FROM mute WHERE finding = ?", (finding,))
            return connection.changes() > 0

    def mutes(self, now: float) -> tuple[Mute, ...]:
        with self._file.reading() as connection:
            # A file of an older Umbel gets the table when this one first writes to it.
            if connection is None or version(connection) < MUTES_FORMAT:
                return ()
            sql = f"SELECT {_MUTE} FROM mute WHERE until > ? ORDER BY finding"  # noqa: S608
            rows = connection.execute(sql, (now,)).fetchall()
        return tuple(_mute(row) for row in rows)


def _mute(row: tuple[Any, ...]) -> Mute:
    return Mute(**dict(zip(Mute.__struct_fields__, row, strict=True)))
