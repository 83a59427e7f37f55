"""The tasks of one workflow, from columns alone: ten thousand of them are read in a tenth of a
second, where their bodies would take one."""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import apsw

from umbel.store.sqlite.files.canvas import CANVAS_COLUMNS, canvas_fields, has_canvas
from umbel.store.sqlite.files.id_runs import RUN_BITS, runs
from umbel.store.sqlite.files.row import Id, id_text, id_value
from umbel.store.sqlite.search.reader import Deadline, Reader, ReadPartition
from umbel.store.workflows import WorkflowTask, WorkflowTasks, gather, in_order

#: How many ids a statement names.
_NAMED: Final = 500
#: Columns as they are, and those whose numbers are of shared values.
_UNCODED: Final = (
    "seen", "timestamp", "sent", "received", "started", "finished", "runtime", "wait", "eta",
    "retries",
)  # fmt: skip
_SHARED: Final = ("name", "state", "worker", "queue")
_FIRST: Final = ("uuid", "root", "parent", *_UNCODED, *_SHARED)


def workflow_tasks(
    reader: Reader, workflow_id: str, limit: int, deadline: Deadline
) -> WorkflowTasks:
    """See `Store.workflow_tasks`."""
    lookup = SqliteLookup(reader, deadline)
    found = gather(lookup, workflow_id, limit)
    return in_order(found, limit, complete=not deadline.passed())


class SqliteLookup:
    """See `WorkflowLookup`."""

    def __init__(self, reader: Reader, deadline: Deadline) -> None:
        self._reader = reader
        self._deadline = deadline
        #: The oldest partition in which something of the workflow is: what is sent by a task comes
        #: at most little earlier than the task itself.
        self._oldest: int | None = None

    def by_ids(self, ids: Iterable[str]) -> Iterator[WorkflowTask]:
        places: dict[int, list[Id]] = {}
        for identity in map(id_value, ids):
            for number in self._reader.that_may_hold(identity):
                places.setdefault(number, []).append(identity)
        for number in sorted(places, reverse=True):
            yield from self._read(number, "t.uuid", places[number], "")

    def by_roots(self, ids: Iterable[str]) -> Iterator[WorkflowTask]:
        wanted = list(map(id_value, ids))
        for number in self._since():
            yield from self._read(number, "root", wanted, "INDEXED BY task_root")

    def by_groups(self, ids: Iterable[str]) -> Iterator[WorkflowTask]:
        wanted = list(map(id_value, ids))
        for number in self._reader.numbers():
            yield from self._read(number, "group_id", wanted, "")

    def _since(self) -> list[int]:
        oldest = 0 if self._oldest is None else self._oldest - 1
        return [number for number in self._reader.numbers() if number >= oldest]

    def _read(
        self, number: int, column: str, wanted: list[Id], hint: str
    ) -> Iterator[WorkflowTask]:
        try:
            with self._reader.partition(number, self._deadline) as partition:
                if partition is None:
                    return
                for start in range(0, len(wanted), _NAMED):
                    some = wanted[start : start + _NAMED]
                    for task in _tasks(partition, column, some, hint):
                        self._oldest = number if self._oldest is None else min(number, self._oldest)
                        yield task
        except apsw.InterruptError:
            return


def _tasks(
    partition: ReadPartition, column: str, wanted: list[Id], hint: str
) -> Iterator[WorkflowTask]:
    told = has_canvas(partition.connection)
    is_group = column == "group_id"
    if is_group and not told:
        return
    error = partition.value_dictionary.column("error")
    columns = ", ".join((*(f"t.{each}" for each in _FIRST), f"{'t.' * (error != 'NULL')}{error}"))
    canvas = ", ".join(f"c.{each}" if told else "NULL" for each in CANVAS_COLUMNS)
    tables = f"task t {hint} {'LEFT JOIN canvas c ON c.id = t.id' if told else ''}"
    if is_group:
        tables = "canvas c INDEXED BY canvas_group JOIN task t ON t.id = c.id"
    rows = partition.connection.execute(
        f"SELECT {columns}, {canvas} FROM {tables}"
        f" WHERE {'c' if is_group else 't'}.id >> {RUN_BITS} IN ({runs(partition.newest_id())})"
        f" AND {column} IN ({','.join('?' * len(wanted))})"
        f"{' AND root IS NOT NULL' if column == 'root' else ''}"
        f"{' AND group_id IS NOT NULL' if is_group else ''}",
        wanted,
    )
    texts = partition.value_dictionary.texts
    for row in rows:
        yield _task(row, texts)


def _task(row: tuple[Any, ...], texts: dict[int, str]) -> WorkflowTask:
    uuid, root, parent, *rest = row
    plain, shared = rest[: len(_UNCODED)], rest[len(_UNCODED) : len(_UNCODED) + len(_SHARED)]
    name, state, worker, queue = (texts.get(number) for number in shared)
    error, *canvas = rest[len(_UNCODED) + len(_SHARED) :]
    return WorkflowTask(
        uuid=id_text(uuid),
        root_id=None if root is None else id_text(root),
        parent_id=None if parent is None else id_text(parent),
        state=state or "PENDING",
        name=name,
        worker=worker,
        queue=queue,
        error=texts.get(error),
        **dict(zip(_UNCODED, plain, strict=True)),
        **canvas_fields(*canvas),
    )
