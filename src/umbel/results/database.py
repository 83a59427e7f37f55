"""Results that Celery keeps in a table of an SQL database.

Celery's own session creates and alters tables, and its models unpickle what they load
(before Celery 5.7), so rows are read without either, as the driver gives them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from umbel.characters import is_encodable
from umbel.results.base import KeptGroup, ListedIds, Result, TaskCanvas
from umbel.results.canvas_values import canvases_in, groups_in
from umbel.results.meta import result_of
from umbel.results.payload import UnreadableResult, open_payload
from umbel.results.reader import ABORTED

_ENDED: Final = ("SUCCESS", "FAILURE", "REVOKED")
#: So many rows are read at once to list which there are.
LISTED_ROWS: Final = 1_000
#: What tells the length of a value without reading it.
_BYTES_OF: Final = {
    "sqlite": "length",
    "postgresql": "octet_length",
    "mysql": "octet_length",
    "mariadb": "octet_length",
}
#: Columns that hold values encoded by the application's serializer.
_ENCODED: Final = ("args", "kwargs", "children")

_SECONDS: Final[Mapping[str, object]] = {"connect_timeout": 2}
_MYSQL: Final[Mapping[str, object]] = {"connect_timeout": 2, "read_timeout": 2, "write_timeout": 2}
#: Arguments by which a driver gives up; others are left to their own patience.
_PATIENCE: Final[dict[str, Mapping[str, object]]] = {
    "pysqlite": {"timeout": 1.0},
    "psycopg2": _SECONDS,
    "psycopg": _SECONDS,
    "pg8000": {"timeout": 2},
    "pymysql": _MYSQL,
    "mysqldb": _MYSQL,
    "pymssql": {"login_timeout": 2, "timeout": 2},
    "pyodbc": {"timeout": 2},
}


class DatabaseReader:
    """Reads the table of a `DatabaseBackend` (celery/backends/database/__init__.py)."""

    def __init__(self, backend: Any) -> None:
        self._sql = importlib.import_module("sqlalchemy")
        address = self._sql.make_url(backend.url)
        options = dict(backend.engine_options)
        patience = _PATIENCE.get(address.get_dialect().driver, {})
        options["connect_args"] = {**patience, **options.get("connect_args", {})}
        self._file = _file(address)
        self._engine = _sessions(backend).get_engine(backend.url, **options)
        self._zone = backend.app.timezone
        stored = backend.task_cls.__table__
        self._table = self._sql.table(
            stored.name,
            *map(self._sql.column, ("task_id", "status", "result", "traceback", "date_done")),
            schema=stored.schema,
        )
        self._stored = stored
        saved = backend.taskset_cls.__table__
        columns = map(self._sql.column, ("taskset_id", "result"))
        self._groups = self._sql.table(saved.name, *columns, schema=saved.schema)

    def fetch(self, task_ids: Sequence[str]) -> dict[str, Result]:
        rows = self._with_connection(lambda on: self._rows(on, task_ids))
        found = {str(row["task_id"]): row for row in rows}
        return {
            task_id: self._result(task_id, found[task_id])
            if task_id in found
            else Result(task_id=task_id, state="PENDING")
            for task_id in task_ids
        }

    def sizes(self, task_ids: Sequence[str]) -> dict[str, int] | None:
        bytes_of = _BYTES_OF.get(self._engine.dialect.name)
        if bytes_of is None:
            return None
        measure = getattr(self._sql.func, bytes_of)
        kept = (self._table.c.result, self._table.c.traceback)
        size = sum(self._sql.func.coalesce(measure(each), 0) for each in kept)
        wanted = self._sql.select(self._table.c.task_id, size).where(
            self._table.c.task_id.in_(_texts(task_ids))
        )
        rows = self._with_connection(lambda on: on.execute(wanted).all())
        return {str(task_id): int(size) for task_id, size in rows}

    def list_ids(self, cursor: str, since: float) -> ListedIds | None:
        """The newest first, by the primary key: an index that every table has."""
        key = self._sql.column("id")
        wanted = self._sql.select(key, self._table.c.task_id, self._table.c.date_done)
        wanted = wanted.select_from(self._table).order_by(key.desc()).limit(LISTED_ROWS)
        if cursor:
            wanted = wanted.where(key < int(cursor))
        rows = self._with_connection(lambda on: on.execute(wanted).all())
        ended = [done.timestamp() for _, _, at in rows if (done := self._moment(at)) is not None]
        return ListedIds(
            [str(task_id) for _, task_id, _ in rows],
            str(rows[-1][0]) if len(rows) == LISTED_ROWS else None,
            are_older=bool(ended) and max(ended) < since,
        )

    def task_canvases(self, task_ids: Sequence[str]) -> dict[str, TaskCanvas]:
        """Without groups that tasks are in, for which there is no column."""
        if "children" not in self._stored.c:
            return {}
        keys = (self._table.c.task_id, self._table.c.status, self._sql.column("children"))
        chosen = self._sql.select(*keys).select_from(self._table)
        chosen = chosen.where(self._table.c.task_id.in_(_texts(task_ids)))
        rows = self._with_connection(lambda on: on.execute(chosen).all())
        return canvases_in(
            {
                str(task_id): {"status": status, "children": _opened(children)}
                for task_id, status, children in rows
            }
        )

    def kept_groups(self, group_ids: Sequence[str]) -> dict[str, KeptGroup]:
        chosen = self._sql.select(self._groups.c.taskset_id, self._groups.c.result)
        chosen = chosen.where(self._groups.c.taskset_id.in_(_texts(group_ids)))
        rows = self._with_connection(lambda on: on.execute(chosen).all())
        return groups_in({str(group_id): result for group_id, result in rows}, {})

    def _moment(self, value: object) -> datetime | None:
        found = self._in_utc(value)
        return found if isinstance(found, datetime) else None

    def _rows(self, on: Any, task_ids: Sequence[str]) -> list[Mapping[str, Any]]:
        # Any column: which there are depends on Celery's version and on `result_extended`.
        # Untyped, so that nothing is unpickled on the way.
        ids = _texts(task_ids)
        wanted = self._sql.select(self._sql.text("*")).select_from(self._table)
        chosen = wanted.where(self._table.c.task_id.in_(ids))
        return [dict(row) for row in on.execute(chosen).mappings()]

    def _result(self, task_id: str, row: Mapping[str, Any]) -> Result:
        meta = dict(row)
        meta["date_done"] = self._in_utc(row.get("date_done"))
        for name in _ENCODED:
            meta[name] = _opened(row.get(name))
        trouble: UnreadableResult | None = None
        try:
            meta["result"] = None if row["result"] is None else open_payload(row["result"])
        except UnreadableResult as error:
            meta["result"], trouble = None, error
        try:
            result = result_of(task_id, meta)
        except UnreadableResult as error:
            return Result(task_id=task_id, state=error.state, unreadable=error.why)
        return msgspec.structs.replace(result, unreadable=trouble.why) if trouble else result

    def _in_utc(self, value: object) -> object:
        """Celery writes the application's own time and leaves its zone out."""
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                return None
        if isinstance(value, datetime) and value.tzinfo is None:
            return value.replace(tzinfo=self._zone)
        return value

    def abort(self, task_id: str) -> None:
        if not task_id or "\0" in task_id or not is_encodable(task_id):
            raise UnreadableResult("It can keep nothing under such an id.")
        self._with_connection(lambda on: self._abort(on, task_id))

    def _abort(self, on: Any, task_id: str) -> None:
        table = self._table
        values = {"status": ABORTED, "result": None, "traceback": None, "date_done": None}
        this = table.c.task_id == task_id
        open_still = this & table.c.status.not_in(_ENDED)
        with on.begin():
            changed = on.execute(self._sql.update(table).where(open_still).values(values))
            if changed.rowcount:
                return
            row = on.execute(self._sql.select(table.c.task_id).where(this)).first()
            if row is None:
                # Through Celery's own columns, which know the sequence of the ids.
                new = {**values, "task_id": task_id}
                on.execute(self._sql.insert(self._stored).values(new))

    def _with_connection(self, use: Callable[[Any], Any]) -> Any:
        if self._file is not None and not self._file.exists():
            # SQLite would make an empty one.
            raise FileNotFoundError(f"there is no file {self._file}")
        with self._engine.connect() as connection:
            return use(connection)

    def release(self) -> None:
        self._engine.dispose()


def _sessions(backend: Any) -> Any:
    """What makes engines; until Celery 5.5 backends had none of their own."""
    own = getattr(backend, "session_manager", None)
    return own or importlib.import_module("celery.backends.database.session").SessionManager()


def _file(address: Any) -> Path | None:
    is_sqlite = address.get_backend_name() == "sqlite" and address.database
    return (
        Path(address.database) if is_sqlite and not address.database.startswith("file:") else None
    )


def _opened(raw: object) -> object:
    try:
        return None if raw is None else open_payload(raw)
    except UnreadableResult:
        return None


def _texts(ids: Sequence[str]) -> list[str]:
    """Those that a database can hold."""
    return [each for each in ids if "\0" not in each and is_encodable(each)]
