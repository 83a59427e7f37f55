"""What the ledger has of logins: API tokens, sessions and which were logged out, second factors,
and the key of sessions."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec

from umbel.store.ledger import (
    ENDED_EACH,
    SESSIONS_EACH,
    SESSIONS_MAX,
    LoginSession,
    SecondFactor,
    Token,
    token_name_taken,
)
from umbel.store.sqlite.files import key_file
from umbel.store.sqlite.files.migrations import version
from umbel.store.sqlite.files.paths import only_row
from umbel.store.sqlite.ledger_file import (
    LOGINS_FORMAT,
    PLANS_FORMAT,
    SECRETS_FORMAT,
    SESSIONS_FORMAT,
    LedgerFile,
)

_TOKEN: Final = "name, role, secret_hash, created, expires, last_used"  # noqa: S105
_FACTOR: Final = "user, secret, since, last_step, recovery"
_SESSION: Final = ", ".join(LoginSession.__struct_fields__)
#: The newest logins of each user.
_SHARES: Final = (
    "SELECT id FROM ("
    "SELECT id, row_number() OVER (PARTITION BY user ORDER BY began DESC, id) AS place "
    "FROM login_session WHERE expires > ?1) WHERE place <= ?8"
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
                    f"INSERT INTO token ({_TOKEN}, names, queues, maker) "  # noqa: S608
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        *msgspec.structs.astuple(token)[:6],
                        _listed(token.names),
                        _listed(token.queues),
                        token.maker,
                    ),
                )
            except apsw.ConstraintError as error:
                raise token_name_taken(token.name) from error

    def tokens(self) -> tuple[Token, ...]:
        with self._file.reading() as connection:
            if connection is None:
                return ()
            # A file of an older Umbel gets the columns when this one first writes to it.
            is_new = version(connection) >= LOGINS_FORMAT
            bounds = "names, queues, maker" if is_new else "NULL, NULL, ''"
            sql = f"SELECT {_TOKEN}, {bounds} FROM token ORDER BY name"  # noqa: S608
            rows = connection.execute(sql).fetchall()
        return tuple(_token(row) for row in rows)

    def used_token(self, name: str, at: float) -> None:
        with self._file.writing() as connection:
            connection.execute("UPDATE token SET last_used = ? WHERE name = ?", (at, name))

    def drop_token(self, name: str) -> bool:
        with self._file.writing() as connection:
            connection.execute("DELETE FROM token WHERE name = ?", (name,))
            return connection.changes() > 0

    def end_session(self, session_id: str, expires: float, now: float, user: str = "") -> None:
        with self._file.writing() as connection:
            connection.execute("DELETE FROM login_session WHERE id = ?", (session_id,))
            for table in ("ended_session", "ended_before", "login_session", "used_once"):
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

    def keep_session(self, session: LoginSession) -> None:
        values = msgspec.structs.asdict(session)
        with self._file.writing() as connection:
            connection.execute("DELETE FROM login_session WHERE expires <= ?", (session.began,))
            connection.execute(
                f"INSERT OR REPLACE INTO login_session ({', '.join(values)}) "  # noqa: S608
                f"VALUES ({', '.join('?' * len(values))})",
                tuple(values.values()),
            )
            if session.subject:
                connection.execute(
                    "DELETE FROM login_session WHERE id IN (SELECT id FROM login_session "
                    "WHERE provider = ?1 AND subject = ?2 AND id <> ?3 "
                    "ORDER BY seen DESC, began DESC LIMIT -1 OFFSET ?4)",
                    (session.provider, session.subject, session.id, SESSIONS_EACH - 1),
                )

    def session(self, session_id: str) -> LoginSession | None:
        row = self._file.row_of_format(
            LOGINS_FORMAT,
            f"SELECT {_SESSION} FROM login_session WHERE id = ?",  # noqa: S608
            (session_id,),
        )
        return None if row is None else _session(row)

    def sessions(
        self,
        now: float,
        *,
        user: str | None = None,
        provider: str | None = None,
        subject: str | None = None,
        provider_session: str | None = None,
        limit: int = SESSIONS_MAX,
    ) -> tuple[LoginSession, ...]:
        sql = (
            f"SELECT {_SESSION} FROM login_session WHERE expires > ?1 "  # noqa: S608
            "AND (?2 IS NULL OR user = ?2) AND (?3 IS NULL OR provider = ?3) "
            "AND (?4 IS NULL OR subject = ?4) AND (?5 IS NULL OR provider_session = ?5) "
            f"AND (?7 OR id IN ({_SHARES})) "
            "ORDER BY began DESC, id LIMIT ?6"
        )
        is_of_one = (user, subject, provider_session) != (None, None, None)
        wanted = (
            now, user, provider, subject, provider_session, min(limit, SESSIONS_MAX), is_of_one,
            SESSIONS_EACH,
        )  # fmt: skip
        with self._file.reading() as connection:
            if connection is None or version(connection) < LOGINS_FORMAT:
                return ()
            rows = connection.execute(sql, wanted).fetchall()
        return tuple(_session(row) for row in rows)

    def seen_session(self, session_id: str, at: float) -> None:
        with self._file.writing() as connection:
            connection.execute(
                "UPDATE login_session SET seen = max(seen, ?) WHERE id = ?", (at, session_id)
            )

    def use_once(self, name: str, expires: float, now: float) -> bool:
        with self._file.writing() as connection:
            connection.execute("DELETE FROM used_once WHERE expires <= ?", (now,))
            connection.execute("INSERT OR IGNORE INTO used_once VALUES (?, ?)", (name, expires))
            return connection.changes() > 0

    def second_factor(self, user: str) -> SecondFactor | None:
        row = self._file.row_of_format(
            LOGINS_FORMAT,
            f"SELECT {_FACTOR} FROM second_factor WHERE user = ?",  # noqa: S608
            (user,),
        )
        return None if row is None else _factor(row)

    def second_factors(self) -> tuple[SecondFactor, ...]:
        sql = f"SELECT {_FACTOR} FROM second_factor ORDER BY user"  # noqa: S608
        with self._file.reading() as connection:
            if connection is None or version(connection) < LOGINS_FORMAT:
                return ()
            return tuple(_factor(row) for row in connection.execute(sql).fetchall())

    def keep_second_factor(self, factor: SecondFactor, *, instead_of: SecondFactor | None) -> bool:
        with self._file.writing() as connection:
            row = connection.execute(
                f"SELECT {_FACTOR} FROM second_factor WHERE user = ?",  # noqa: S608
                (factor.user,),
            ).fetchone()
            if (None if row is None else _factor(row)) != instead_of:
                return False
            connection.execute(
                "INSERT OR REPLACE INTO second_factor VALUES (?, ?, ?, ?, ?)",
                (
                    factor.user,
                    factor.secret,
                    factor.since,
                    factor.last_step,
                    msgspec.json.encode(factor.recovery).decode(),
                ),
            )
            return True

    def drop_second_factor(self, user: str) -> bool:
        with self._file.writing() as connection:
            connection.execute("DELETE FROM second_factor WHERE user = ?", (user,))
            return connection.changes() > 0

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


def _token(row: tuple[Any, ...]) -> Token:
    values = dict(zip(Token.__struct_fields__, row, strict=True))
    for bound in ("names", "queues"):
        found = values[bound]
        values[bound] = () if found is None else msgspec.json.decode(found, type=tuple[str, ...])
    return Token(**values)


def _session(row: tuple[Any, ...]) -> LoginSession:
    values = dict(zip(LoginSession.__struct_fields__, row, strict=True))
    tokens = values["tokens"]
    values["claims"], values["tokens"] = bytes(values["claims"]), tokens and bytes(tokens)
    return LoginSession(**values)


def _factor(row: tuple[Any, ...]) -> SecondFactor:
    user, secret, since, last_step, recovery = row
    return SecondFactor(
        user=user,
        secret=bytes(secret),
        since=since,
        last_step=last_step,
        recovery=msgspec.json.decode(recovery, type=tuple[str, ...]),
    )


def _listed(texts: tuple[str, ...]) -> str | None:
    return msgspec.json.encode(texts).decode() if texts else None
