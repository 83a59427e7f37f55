"""What the ledger has of alerts: rules, what fired, silences, and messages that are to be sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

import apsw
import msgspec

from umbel.store.alerts import (
    ALERTS_KEPT,
    ALERTS_KEPT_S,
    FIRING_COUNTED,
    NOTICES_KEPT_S,
    NOTICES_MAX,
    SILENCES_MAX,
    Acknowledgement,
    Alert,
    AlertNotice,
    AlertRule,
    NoticeState,
    RuleAnswer,
    Silence,
    given_up,
    refuse_rule,
)
from umbel.store.sqlite.files.migrations import version
from umbel.store.sqlite.ledger_file import ALERTS_FORMAT, LedgerFile

T = TypeVar("T")
_ALERTS_OF: Final = (
    "SELECT alert.alert, a.acknowledgement FROM alert "
    "LEFT JOIN alert_acknowledgement AS a ON a.alert = alert.id"
)


class LedgerAlerts:
    """The part of `SqliteLedger` that alerts need: see `store.alerts.AlertLedger`."""

    _file: LedgerFile

    # -- rules -------------------------------------------------------------------------------

    def keep_alert_rule(self, rule: AlertRule, *, instead_of: AlertRule | None) -> bool:
        with self._file.writing() as connection:
            found = _rules(connection)
            if next((each for each in found if each.id == rule.id), None) != instead_of:
                return False
            refuse_rule(rule, found)
            connection.execute(
                "INSERT OR REPLACE INTO alert_rule VALUES (?, ?, ?)",
                (rule.id, rule.name, msgspec.json.encode(rule)),
            )
            return True

    def drop_alert_rule(self, rule_id: str) -> bool:
        with self._file.writing() as connection:
            connection.execute("DELETE FROM rule_answer WHERE rule = ?", (rule_id,))
            connection.execute("DELETE FROM alert_rule WHERE id = ?", (rule_id,))
            return connection.changes() > 0

    def alert_rules(self) -> tuple[AlertRule, ...]:
        return self._found("SELECT rule FROM alert_rule ORDER BY name", (), AlertRule)

    # -- alerts ------------------------------------------------------------------------------

    def keep_alerts(
        self,
        alerts: Iterable[Alert] = (),
        *,
        drop: Iterable[str] = (),
        notices: Iterable[AlertNotice] = (),
        answers: Iterable[RuleAnswer] = (),
    ) -> None:
        with self._file.writing() as connection:
            for alert in alerts:
                bare = msgspec.structs.replace(alert, acknowledgement=None)
                connection.execute(
                    "INSERT OR REPLACE INTO alert VALUES (?, ?, ?)",
                    (alert.id, alert.ended, msgspec.json.encode(bare)),
                )
                if alert.ended is not None:
                    _forget_alerts(connection, alert.ended)
            for alert_id in drop:
                connection.execute("DELETE FROM alert WHERE id = ?", (alert_id,))
            for answer in answers:
                connection.execute(
                    "INSERT OR REPLACE INTO rule_answer VALUES (?, ?)",
                    (answer.rule, msgspec.json.encode(answer)),
                )
            for notice in notices:
                _keep_notice(connection, notice)
                _bound_notices(connection, notice.at)

    def open_alerts(self) -> tuple[Alert, ...]:
        found = self._alerts(f"{_ALERTS_OF} WHERE ended IS NULL", ())
        return tuple(sorted(found, key=lambda each: (each.since, each.id)))

    def firing_alerts(self) -> int:
        sql = (
            "SELECT count(*) FROM (SELECT 1 FROM alert WHERE ended IS NULL "
            "AND CAST(alert AS TEXT) ->> '$.phase' = 'firing' LIMIT ?)"
        )
        row = self._file.row_of_format(ALERTS_FORMAT, sql, (FIRING_COUNTED,))
        return 0 if row is None else int(row[0])

    def ended_alerts(self, before: float | None = None, limit: int = 100) -> tuple[Alert, ...]:
        # Alerts of one turn end in one moment: a page that ended among them would lose the others.
        ended = "ended IS NOT NULL AND (?1 IS NULL OR ended < ?1)"
        # Nothing but our own words stands in it.
        sql = (
            f"{_ALERTS_OF} WHERE {ended} AND ended >= (SELECT min(ended) FROM "  # noqa: S608
            f"(SELECT ended FROM alert WHERE {ended} ORDER BY ended DESC LIMIT ?2)) "
            "ORDER BY ended DESC, id DESC"
        )
        return self._alerts(sql, (before, limit))

    def untold_alerts(self) -> tuple[Alert, ...]:
        sql = (
            f"{_ALERTS_OF} WHERE ended IS NOT NULL AND CAST(alert.alert AS TEXT) ->> '$.untold' "
            "ORDER BY ended DESC, id DESC"
        )
        return self._alerts(sql, ())

    def alert(self, alert_id: str) -> Alert | None:
        return next(iter(self._alerts(f"{_ALERTS_OF} WHERE alert.id = ?", (alert_id,))), None)

    def rule_answers(self) -> Mapping[str, RuleAnswer]:
        found = self._found("SELECT answer FROM rule_answer", (), RuleAnswer)
        return {each.rule: each for each in found}

    def acknowledge(
        self, acknowledgement: Acknowledgement, *, instead_of: Acknowledgement | None
    ) -> bool:
        sql = "SELECT acknowledgement FROM alert_acknowledgement WHERE alert = ?"
        with self._file.writing() as connection:
            row = connection.execute(sql, (acknowledgement.alert,)).fetchone()
            if _acknowledgement(None if row is None else row[0]) != instead_of:
                return False
            connection.execute(
                "INSERT OR REPLACE INTO alert_acknowledgement VALUES (?, ?, ?)",
                (
                    acknowledgement.alert,
                    acknowledgement.at,
                    msgspec.json.encode(acknowledgement),
                ),
            )
            return True

    # -- silences ----------------------------------------------------------------------------

    def keep_silence(self, silence: Silence, now: float) -> None:
        with self._file.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO silence VALUES (?, ?, ?, ?)",
                (silence.id, silence.start, silence.end, msgspec.json.encode(silence)),
            )
            connection.execute("DELETE FROM silence WHERE until <= ?", (now,))
            connection.execute(
                "DELETE FROM silence WHERE id NOT IN "
                "(SELECT id FROM silence ORDER BY until DESC, id DESC LIMIT ?)",
                (SILENCES_MAX,),
            )

    def drop_silence(self, silence_id: str) -> bool:
        with self._file.writing() as connection:
            connection.execute("DELETE FROM silence WHERE id = ?", (silence_id,))
            return connection.changes() > 0

    def silences(self, now: float) -> tuple[Silence, ...]:
        sql = "SELECT silence FROM silence WHERE until > ? ORDER BY start, id"
        return self._found(sql, (now,), Silence)

    # -- messages ----------------------------------------------------------------------------

    def keep_notice(self, notice: AlertNotice) -> None:
        with self._file.writing() as connection:
            _keep_notice(connection, notice)
            _bound_notices(connection, notice.at)

    def notices(
        self, *, alert: str | None = None, states: Sequence[NoticeState] = (), limit: int = 100
    ) -> tuple[AlertNotice, ...]:
        sql = (
            "SELECT notice FROM alert_notice WHERE (?1 IS NULL OR EXISTS "
            "(SELECT 1 FROM json_each(CAST(notice AS TEXT), '$.alerts') WHERE value = ?1)) "
            "AND (?2 = '' OR instr(?2, state)) ORDER BY at DESC, id DESC LIMIT ?3"
        )
        return self._found(sql, (alert, " ".join(states), limit), AlertNotice)

    def waiting_notices(self) -> int:
        sql = "SELECT count(*) FROM alert_notice WHERE due IS NOT NULL"
        row = self._file.row_of_format(ALERTS_FORMAT, sql, ())
        return 0 if row is None else int(row[0])

    # -- rows --------------------------------------------------------------------------------

    def _rows(self, sql: str, given: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        with self._file.reading() as connection:
            # A file of an older Umbel gets the tables when this one first writes to it.
            if connection is None or version(connection) < ALERTS_FORMAT:
                return []
            return connection.execute(sql, given).fetchall()

    def _found(self, sql: str, given: tuple[Any, ...], kind: type[T]) -> tuple[T, ...]:
        return tuple(msgspec.json.decode(row[0], type=kind) for row in self._rows(sql, given))

    def _alerts(self, sql: str, given: tuple[Any, ...]) -> tuple[Alert, ...]:
        return tuple(_alert(*row) for row in self._rows(sql, given))


def _alert(alert: bytes, acknowledgement: bytes | None) -> Alert:
    found = msgspec.json.decode(alert, type=Alert)
    return msgspec.structs.replace(found, acknowledgement=_acknowledgement(acknowledgement))


def _acknowledgement(row: Any) -> Acknowledgement | None:
    return None if row is None else msgspec.json.decode(row, type=Acknowledgement)


def _rules(connection: apsw.Connection) -> tuple[AlertRule, ...]:
    rows = connection.execute("SELECT rule FROM alert_rule")
    return tuple(msgspec.json.decode(bytes(row[0]), type=AlertRule) for row in rows)


def _forget_alerts(connection: apsw.Connection, now: float) -> None:
    connection.execute("DELETE FROM alert WHERE ended < ?", (now - ALERTS_KEPT_S,))
    connection.execute(
        "DELETE FROM alert WHERE id IN (SELECT id FROM alert WHERE ended IS NOT NULL "
        "ORDER BY ended DESC, id DESC LIMIT -1 OFFSET ?)",
        (ALERTS_KEPT,),
    )
    connection.execute(
        "DELETE FROM alert_acknowledgement WHERE at < ? AND alert NOT IN (SELECT id FROM alert)",
        (now,),
    )


def _keep_notice(connection: apsw.Connection, notice: AlertNotice) -> None:
    due = notice.due if notice.state == "waiting" else None
    connection.execute(
        "INSERT OR REPLACE INTO alert_notice VALUES (?, ?, ?, ?, ?)",
        (notice.id, notice.at, due, notice.state, msgspec.json.encode(notice)),
    )


def _bound_notices(connection: apsw.Connection, now: float) -> None:
    connection.execute(
        "DELETE FROM alert_notice WHERE due IS NULL AND at < ?", (now - NOTICES_KEPT_S,)
    )
    # The newest `NOTICES_MAX` wait; those that were delivered are kept in the same number.
    rows = connection.execute(
        "SELECT notice FROM alert_notice WHERE due IS NOT NULL "
        "ORDER BY at DESC, id DESC LIMIT -1 OFFSET ?",
        (NOTICES_MAX,),
    ).fetchall()
    for row in rows:
        notice = msgspec.json.decode(bytes(row[0]), type=AlertNotice)  # type: ignore[arg-type]
        _keep_notice(connection, given_up(notice, now))
    connection.execute(
        "DELETE FROM alert_notice WHERE id IN (SELECT id FROM alert_notice WHERE due IS NULL "
        "ORDER BY at DESC, id DESC LIMIT -1 OFFSET ?)",
        (NOTICES_MAX,),
    )
