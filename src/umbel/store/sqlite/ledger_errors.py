"""What the ledger has of errors: which people resolved or ignore."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from umbel.store.ledger import ERRORS_DECIDED_MAX, ErrorDecision
from umbel.store.sqlite.files.migrations import version
from umbel.store.sqlite.ledger_file import DEPLOYS_FORMAT, ERRORS_FORMAT, LedgerFile

_DECISION: Final = ", ".join(ErrorDecision.__struct_fields__)


class LedgerErrors:
    """The part of `SqliteLedger` that groups of errors need: see `store.ledger.Ledger`."""

    _file: LedgerFile

    def decide_error(self, decision: ErrorDecision, *, instead_of: ErrorDecision | None) -> bool:
        values = msgspec.structs.astuple(decision)
        before = None if instead_of is None else msgspec.structs.astuple(instead_of)
        with self._file.writing() as connection:
            found = connection.execute(
                f"SELECT {_DECISION} FROM error_decision WHERE error = ?",  # noqa: S608
                (decision.error,),
            ).fetchone()
            if found != before:
                return False
            connection.execute(
                f"INSERT OR REPLACE INTO error_decision ({_DECISION}) "  # noqa: S608
                f"VALUES ({', '.join('?' * len(values))})",
                values,
            )
            connection.execute(
                "DELETE FROM error_decision WHERE error IN (SELECT error FROM error_decision "
                "ORDER BY at DESC, error LIMIT -1 OFFSET ?)",
                (ERRORS_DECIDED_MAX,),
            )
            return True

    def error_decisions(self) -> Mapping[str, ErrorDecision]:
        with self._file.reading() as connection:
            # A file of an older Umbel gets the table when this one first writes to it.
            if connection is None or version(connection) < ERRORS_FORMAT:
                return {}
            columns = _DECISION
            if version(connection) < DEPLOYS_FORMAT:
                columns = columns.replace("next_deploy", "0")
            rows = connection.execute(
                f"SELECT {columns} FROM error_decision ORDER BY at DESC, error"  # noqa: S608
            ).fetchall()
        names = ErrorDecision.__struct_fields__
        return {
            str(row[0]): msgspec.convert(
                dict(zip(names, row, strict=True)), ErrorDecision, strict=False
            )
            for row in rows
        }
