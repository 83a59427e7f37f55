"""What the ledger has of logins: API tokens, sessions that were logged out, the key of sessions."""

from __future__ import annotations

import math
from pathlib import Path

import apsw
import msgspec

from umbel.store.ledger import ENDED_EACH, Token, token_name_taken
from umbel.store.sqlite.files import key_file
from umbel.store.sqlite.files.migrations import version
from umbel.store.sqlite.files.paths import only_row
from umbel.store.sqlite.ledger_file import (
    PLANS_FORMAT,
    SECRETS_FORMAT,
    SESSIONS_FORMAT,
    LedgerFile,
)


class LedgerLogins:
    """The part of `SqliteLedger` that logins need: see there, and `store.ledger.Ledger`."""

    def __init__(self, directory: Path, *, ended_each: int = ENDED_EACH) -> None:
        self._ended_each = ended_each
        self._directory = directory
        self._file = LedgerFile(directory)

    def put_token(self, token: Token) -> None:
        with self._file.writing() as connection:
            try:
                connection.execute(
                    "INSERT INTO token VALUES (?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(token)
                )
            except apsw.ConstraintError as error:
                raise token_name_taken(token.name) from error

    def tokens(self) -> tuple[Token, ...]:
        fields = Token.__struct_fields__
        rows = self._file.rows(f"SELECT {', '.join(fields)} FROM token ORDER BY name")  # noqa: S608
        return tuple(Token(**dict(zip(fields, row, strict=True))) for row in rows)

    def used_token(self, name: str, at: float) -> None:
        with self._file.writing() as connection:
            connection.execute("UPDATE token SET last_used = ? WHERE name = ?", (at, name))

    def drop_token(self, name: str) -> bool:
        with self._file.writing() as connection:
            connection.execute("DELETE FROM token WHERE name = ?", (name,))
            return connection.changes() > 0

    def end_session(self, session_id: str, expires: float, now: float, user: str = "") -> None:
        with self._file.writing() as connection:
            for table in ("ended_session", "ended_before"):
                connection.execute(f"DELETE FROM {table} WHERE expires <= ?", (now,))  # noqa: S608
            if expires > now:
                connection.execute(
                    "INSERT OR REPLACE INTO ended_session (id, expires, user) VALUES (?, ?, ?)",
                    (session_id, expires, user),
                )
            first = connection.execute(
                "SELECT expires FROM ended_session WHERE user = ? "
                "ORDER BY expires DESC LIMIT 1 OFFSET ?",
                (user, self._ended_each),
            ).fetchone()
            if first is not None:
                connection.execute(
                    "INSERT INTO ended_before VALUES (?1, ?2) ON CONFLICT (user) "
                    "DO UPDATE SET expires = max(expires, ?2)",
                    (user, first[0]),
                )
                connection.execute(
                    "DELETE FROM ended_session WHERE user = ? AND expires <= ?", (user, first[0])
                )

    def has_ended(self, session_id: str, user: str = "", expires: float = math.inf) -> bool:
        with self._file.reading() as connection:
            # A file of an older Umbel gets the tables when this one first writes to it.
            seen = 0 if connection is None else version(connection)
            if connection is None or seen < SESSIONS_FORMAT:
                return False
            sql = "SELECT 1 FROM ended_session WHERE id = ?1"
            if seen >= PLANS_FORMAT:
                sql += " UNION ALL SELECT 1 FROM ended_before WHERE user = ?2 AND expires >= ?3"
                return connection.execute(sql, (session_id, user, expires)).fetchone() is not None
            return connection.execute(sql, (session_id,)).fetchone() is not None

    def secret(self, name: str, new: bytes) -> bytes:
        given = key_file.read(self._directory, name)
        stored = None if given else self._kept_secret(name)
        if stored is not None:
            return stored
        with self._file.writing() as connection:
            # Of those who make one at the same time the first wins; a file wins over what is kept.
            verb = "REPLACE" if given else "IGNORE"
            connection.execute(
                f"INSERT OR {verb} INTO secret VALUES (?, ?)",  # noqa: S608
                (name, given or new),
            )
            (value,) = only_row(connection, "SELECT value FROM secret WHERE name = ?", (name,))
        if given:
            key_file.remove(self._directory, name)
        return bytes(value)

    def _kept_secret(self, name: str) -> bytes | None:
        sql = "SELECT value FROM secret WHERE name = ?"
        row = self._file.row_of_format(SECRETS_FORMAT, sql, (name,))
        return None if row is None else bytes(row[0])
