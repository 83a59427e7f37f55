"""The ledger in an SQLite file of its own, beside the history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import apsw
import msgspec

from umbel.store.ledger import (
    FIRST_MARK,
    INTENDED_MAX,
    LEASE_MAX_S,
    ActionRecord,
    AuditEntry,
    AuditPage,
    Intent,
    Lease,
    OpenPlan,
    Repeat,
    actions_of_task,
)
from umbel.store.sqlite.files.migrations import version
from umbel.store.sqlite.files.paths import only_row
from umbel.store.sqlite.ledger_alerts import LedgerAlerts
from umbel.store.sqlite.ledger_deploys import LedgerDeploys
from umbel.store.sqlite.ledger_errors import LedgerErrors
from umbel.store.sqlite.ledger_file import PLANS_FORMAT, REASONS_FORMAT, SECRETS_FORMAT
from umbel.store.sqlite.ledger_mutes import LedgerMutes
from umbel.store.sqlite.ledger_pauses import LedgerPauses
from umbel.store.sqlite.ledger_searches import LedgerSearches

#: How many ids a statement names; SQLite allows 32,766.
_NAMED: Final = 1_000
#: How many rows a trim removes before others may write again.
_TRIMMED_AT_ONCE: Final = 5_000

_ENTRY: Final = (
    "at, actor, address, via, action, target, action_id, query, count, outcome, answer, {}, number"
)
_KEEP_REPEAT: Final = "INSERT OR REPLACE INTO repeat VALUES (?, ?, ?, ?, ?, ?)"
_IS_REPEATED: Final = (
    "SELECT 1 FROM repeat WHERE repeats = ? AND (? IS NULL OR (at > ? AND action_id IS NOT ?)) "
    "LIMIT 1"
)
_ACTION: Final = "SELECT id, at, plan, report, running FROM action JOIN report USING (id)"


class SqliteLedger(
    LedgerAlerts, LedgerDeploys, LedgerErrors, LedgerPauses, LedgerSearches, LedgerMutes
):
    """See `store.ledger.Ledger`. Kept in `umbel-ledger.db` in `directory`, which only its
    owner may read; made at the first writing. `ended_each` is how many sessions of one user that
    were logged out are remembered one by one."""

    # -- audit -----------------------------------------------------------------------------

    def record(self, entry: AuditEntry) -> int:
        *values, tasks, _ = msgspec.structs.astuple(entry)
        made = msgspec.json.encode(tasks).decode() if tasks else None
        with self._file.writing() as connection:
            connection.execute(
                "INSERT INTO audit VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, made),
            )
            return connection.last_insert_rowid()

    def audit(
        self,
        *,
        before: int | None = None,
        limit: int = 50,
        actor: str | None = None,
        action: str | None = None,
        action_id: str | None = None,
        task_id: str | None = None,
    ) -> AuditPage:
        wanted = {
            "number < ?": before, "actor = ?": actor, "action = ?": action,
            "action_id = ?": action_id,
        }  # fmt: skip
        tests = [test for test, value in wanted.items() if value is not None]
        given = [value for value in wanted.values() if value is not None]
        actions = () if task_id is None else actions_of_task(self, task_id)
        rows: list[tuple[Any, ...]] = []
        with self._file.reading() as connection:
            if connection is not None:
                # A file of an older Umbel gets the columns when this one first writes to it.
                has_reasons = version(connection) >= REASONS_FORMAT
                if task_id is not None:
                    tests.append(_of_task(len(actions), has_tasks=has_reasons))
                    given += actions
                    given += [msgspec.json.encode(task_id).decode()] if has_reasons else []
                where = f"WHERE {' AND '.join(tests)}" if tests else ""
                columns = _ENTRY.format("reason, tasks" if has_reasons else "NULL, NULL")
                rows = connection.execute(
                    f"SELECT {columns} FROM audit {where} "  # noqa: S608
                    "ORDER BY number DESC LIMIT ?",
                    [*given, limit + 1],
                ).fetchall()
        items = tuple(_entry(row) for row in rows[:limit])
        return AuditPage(items, items[-1].number if len(rows) > limit and items else None)

    # -- what was asked of tasks -----------------------------------------------------------

    def intend(self, intents: Iterable[Intent]) -> None:
        rows = [(each.task_id, each.kind, each.at, each.actor, each.action_id) for each in intents]
        if not rows:
            return
        with self._file.writing() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO intent (task_id, kind, at, actor, action_id) "
                "VALUES (?, ?, ?, ?, ?)",
                rows,
            )

    def intents(self, task_ids: Sequence[str]) -> Mapping[str, Intent]:
        rows = self._named(
            "SELECT task_id, kind, at, actor, action_id FROM intent WHERE task_id IN ({})", task_ids
        )
        found = (
            Intent(task_id=row[0], kind=row[1], at=row[2], actor=row[3], action_id=row[4])
            for row in rows
        )
        return {intent.task_id: intent for intent in found}

    def intended_since(self, mark: int) -> tuple[tuple[str, ...], int]:
        with self._file.reading() as connection:
            if connection is None:
                return (), FIRST_MARK
            with connection:  # both answers of one moment
                present = only_row(
                    connection, "SELECT seq FROM sqlite_sequence WHERE name = 'intent'"
                )[0]
                if not mark:
                    return (), int(present)
                rows = connection.execute(
                    "SELECT task_id FROM intent WHERE mark > ? ORDER BY mark DESC LIMIT ?",
                    (mark, INTENDED_MAX),
                ).fetchall()
        return tuple(str(row[0]) for row in rows), int(present)

    # -- which task repeats which ----------------------------------------------------------

    def repeat(self, repeats: Iterable[Repeat]) -> None:
        rows = [msgspec.structs.astuple(each) for each in repeats]
        if not rows:
            return
        with self._file.writing() as connection:
            connection.executemany(_KEEP_REPEAT, rows)

    def claim(self, repeats: Sequence[Repeat], *, since: float | None) -> frozenset[str]:
        if not repeats:
            return frozenset()
        with self._file.writing() as connection:
            others = frozenset(
                each.repeats
                for each in repeats
                if connection.execute(
                    _IS_REPEATED, (each.repeats, since, since, each.action_id)
                ).fetchone()
            )
            connection.executemany(
                _KEEP_REPEAT,
                [msgspec.structs.astuple(each) for each in repeats if each.repeats not in others],
            )
        return others

    def unrepeat(self, task_ids: Iterable[str]) -> None:
        rows = [(each,) for each in task_ids]
        if rows:
            with self._file.writing() as connection:
                connection.executemany("DELETE FROM repeat WHERE task_id = ?", rows)

    def repeats(self, task_ids: Sequence[str]) -> tuple[Repeat, ...]:
        rows = [
            *self._named("SELECT * FROM repeat WHERE task_id IN ({})", task_ids),
            *self._named("SELECT * FROM repeat WHERE repeats IN ({})", task_ids),
        ]
        return tuple(sorted({_repeat(row) for row in rows}, key=_age))

    def repetitions(self, *, action_id: str | None = None, limit: int) -> tuple[Repeat, ...]:
        which = "" if action_id is None else "WHERE action_id = ?"
        rows = self._file.rows(
            f"SELECT * FROM repeat {which} ORDER BY at DESC, task_id DESC LIMIT ?",  # noqa: S608
            [*([] if action_id is None else [action_id]), limit],
        )
        return tuple(map(_repeat, rows))

    # -- actions ---------------------------------------------------------------------------

    def keep_action(
        self, action: ActionRecord, *, planner: str = "", expires: float | None = None
    ) -> None:
        with self._file.writing() as connection:
            _keep(connection, action)
            if expires is not None:
                connection.execute(
                    "UPDATE report SET planner = ?, expires = ? WHERE id = ?",
                    (planner, expires, action.id),
                )

    def open_plans(self, planner: str) -> tuple[OpenPlan, ...]:
        with self._file.reading() as connection:
            if connection is None or version(connection) < PLANS_FORMAT:
                return ()
            rows: list[tuple[Any, ...]] = connection.execute(
                "SELECT id, expires, length(plan) + length(report) FROM report "
                "JOIN action USING (id) WHERE planner = ? AND expires IS NOT NULL",
                (planner,),
            ).fetchall()
        return tuple(OpenPlan(*row) for row in rows)

    def forget_plans(self, ids: Iterable[str] = (), *, expired: float = 0.0) -> None:
        with self._file.writing() as connection:
            gone = [(each,) for each in ids]
            connection.executemany("DELETE FROM report WHERE id = ? AND expires IS NOT NULL", gone)
            connection.execute("DELETE FROM report WHERE expires < ?", (expired,))
            connection.execute("DELETE FROM action WHERE id NOT IN (SELECT id FROM report)")

    def replace_action(self, action: ActionRecord, report: bytes) -> bool:
        with self._file.writing() as connection:
            is_same = connection.execute(
                "SELECT 1 FROM report WHERE id = ? AND report = ?", (action.id, report)
            ).fetchone()
            if is_same is not None:
                _keep(connection, action)
            return is_same is not None

    def running_actions(self) -> tuple[ActionRecord, ...]:
        return self._actions(f"{_ACTION} WHERE running ORDER BY at DESC, id DESC")

    def action(self, action_id: str) -> ActionRecord | None:
        return next(iter(self._actions(f"{_ACTION} WHERE id = ?", (action_id,))), None)

    def actions(self, *, before: float | None = None, limit: int = 50) -> tuple[ActionRecord, ...]:
        return self._actions(
            f"{_ACTION} WHERE ?1 IS NULL OR at < ?1 ORDER BY at DESC, id DESC LIMIT ?2",
            (before, limit),
        )

    # -- leases ---------------------------------------------------------------------------

    def take_lease(self, lease: Lease, now: float) -> bool:
        with self._file.writing() as connection:
            connection.execute(
                "INSERT INTO lease VALUES (?1, ?2, ?3) ON CONFLICT (name) "
                "DO UPDATE SET holder = ?2, expires = ?3 "
                "WHERE holder = ?2 OR expires <= ?4 OR expires > ?4 + ?5",
                (lease.name, lease.holder, lease.expires, now, LEASE_MAX_S),
            )
            return connection.changes() > 0

    def renew_lease(self, lease: Lease) -> bool:
        with self._file.writing() as connection:
            connection.execute(
                "UPDATE lease SET expires = ? WHERE name = ? AND holder = ?",
                (lease.expires, lease.name, lease.holder),
            )
            return connection.changes() > 0

    def release_lease(self, name: str, holder: str) -> None:
        with self._file.writing() as connection:
            connection.execute("DELETE FROM lease WHERE name = ? AND holder = ?", (name, holder))

    def lease(self, name: str) -> Lease | None:
        sql = "SELECT name, holder, expires FROM lease WHERE name = ?"
        row = self._file.row_of_format(SECRETS_FORMAT, sql, (name,))
        return None if row is None else Lease(name=row[0], holder=row[1], expires=row[2])

    # -- the whole -------------------------------------------------------------------------

    def trim(self, before: float) -> None:
        for table, key in (("audit", "number"), ("intent", "mark"), ("repeat", "task_id")):
            self._trim(
                f"DELETE FROM {table} WHERE {key} IN "  # noqa: S608
                f"(SELECT {key} FROM {table} WHERE at < ? LIMIT {_TRIMMED_AT_ONCE})",
                before,
            )
        with self._file.writing() as connection:
            connection.execute("DELETE FROM action WHERE at < ?", (before,))
            connection.execute("DELETE FROM report WHERE id NOT IN (SELECT id FROM action)")

    def close(self) -> None:
        self._file.close()

    def _trim(self, sql: str, before: float) -> None:
        removed = _TRIMMED_AT_ONCE
        while removed == _TRIMMED_AT_ONCE:
            with self._file.writing() as connection:
                connection.execute(sql, (before,))
                removed = connection.changes()

    def _named(self, sql: str, ids: Iterable[str]) -> Iterator[tuple[Any, ...]]:
        """The rows that `sql` finds, with these ids in the place of its braces."""
        left = iter(ids)
        while some := tuple(islice(left, _NAMED)):
            yield from self._file.rows(sql.format(",".join("?" * len(some))), some)

    def _actions(
        self, sql: str, parameters: Sequence[apsw.SQLiteValue] = ()
    ) -> tuple[ActionRecord, ...]:
        return tuple(
            ActionRecord(row[0], row[1], bytes(row[2]), bytes(row[3]), bool(row[4]))
            for row in self._file.rows(sql, parameters)
        )


def _repeat(row: Sequence[Any]) -> Repeat:
    """Files of older formats do not say `maybe`."""
    found = Repeat(*row[:5])
    return msgspec.structs.replace(found, maybe=True) if row[5:] and row[5] else found


def _age(repeat: Repeat) -> tuple[float, str]:
    return repeat.at, repeat.task_id


def _of_task(actions: int, *, has_tasks: bool) -> str:
    """The test of lines by so many actions, or that name a task."""
    made = " OR instr(CAST(tasks AS TEXT), ?)" if has_tasks else ""
    return f"(action_id IN ({', '.join('?' * actions)}){made})"


def _entry(row: tuple[Any, ...]) -> AuditEntry:
    *values, tasks, number = row
    made = () if tasks is None else msgspec.json.decode(tasks, type=tuple[str, ...])
    return AuditEntry(
        **dict(zip(AuditEntry.__struct_fields__, (*values, made, number), strict=True))
    )


def _keep(connection: apsw.Connection, action: ActionRecord) -> None:
    # A plan that runs changes no more, so it is not written again with each report.
    connection.execute(
        "INSERT INTO action VALUES (?1, ?2, ?3) ON CONFLICT (id) "
        "DO UPDATE SET at = ?2, plan = ?3 WHERE at != ?2 OR plan != ?3",
        (action.id, action.at, action.plan),
    )
    connection.execute(
        "INSERT INTO report (id, report, running) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE "
        "SET report = ?2, running = ?3, expires = CASE WHEN ?3 THEN NULL ELSE expires END",
        (action.id, action.report, action.running),
    )
