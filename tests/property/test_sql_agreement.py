"""SQL and `match` agree, on any query and any task.

The columns alone must never say yes where `match` says no, nor leave out what it finds; and
what a query needs of a task's texts must be there whenever the task matches.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import apsw
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.property.queries import NOW, queries, tasks
from tests.support.examples import examples
from umbel.cluster.events import Event
from umbel.cluster.facts import pack
from umbel.cluster.task import SUCCESS, Task
from umbel.query.ast import Node
from umbel.query.match import compile_query
from umbel.store.sqlite.files.canvas import canvas_row
from umbel.store.sqlite.files.migrations import migrate
from umbel.store.sqlite.files.row import COLUMNS, id_value, row
from umbel.store.sqlite.files.value_dictionary import ValueDictionary, ValueDictionaryWriter
from umbel.store.sqlite.files.zone_map import measure
from umbel.store.sqlite.search.access_path import zone_condition
from umbel.store.sqlite.search.conditions import Condition, to_sql
from umbel.store.sqlite.text.body_prefilter import body_prefilter
from umbel.store.sqlite.text.joined_bodies_cache import JoinedBodies
from umbel.store.sqlite.text.joined_prefilter import joined_prefilter
from umbel.store.sqlite.text.query_text_filter import query_text_filter

# A migration adds columns at the end, wherever they stand in `COLUMNS`.
_INSERT = (
    f"INSERT INTO task (id, {', '.join(COLUMNS)})"  # noqa: S608
    f" VALUES ({', '.join('?' * (len(COLUMNS) + 1))})"
)


@contextmanager
def table(found: list[Task]) -> Iterator[tuple[apsw.Connection, ValueDictionary]]:
    """The tasks as rows 1, 2, ... of a table in memory."""
    connection = apsw.Connection(":memory:")
    migrate(connection, "tasks")
    value_dictionary = ValueDictionaryWriter(connection)
    for number, task in enumerate(found, 1):
        columns = row(task, f"{number}:{task.uuid}", value_dictionary.shared)
        columns = (id_value(task.uuid), *columns[1:])
        canvas = canvas_row(number << 16, task)
        if canvas is not None:
            connection.execute("INSERT INTO canvas VALUES (?, ?, ?, ?, ?)", canvas)
        # Ids may repeat among generated tasks; one run for each keeps the index content.
        connection.execute(_INSERT, (number << 16, *columns))
    value_dictionary.save(connection)
    yield connection, ValueDictionary(connection)
    connection.close()


def consistent(task: Task) -> Task:
    """`succeeded` is told by the state and the end, as `project` does."""
    return replace(task, succeeded=task.finished if task.state == SUCCESS else None)


def ids(connection: apsw.Connection, condition: Condition) -> set[int]:
    rows = connection.execute(
        f"SELECT id >> 16 FROM task WHERE {condition.sql}",  # noqa: S608
        condition.parameters,
    )
    return {number for (number,) in rows}


@settings(max_examples=examples(150))
@given(st.lists(tasks.map(consistent), min_size=1, max_size=6), queries)
def test_the_columns_enclose_what_matches(found: list[Task], query: Node) -> None:
    matches = compile_query(query, NOW)
    with table(found) as (connection, value_dictionary):
        bounds = to_sql(query, value_dictionary, NOW, id_value)

        upper, lower = ids(connection, bounds.upper), ids(connection, bounds.lower)

    matching = {number for number, task in enumerate(found, 1) if matches(task)}
    assert lower <= matching <= upper
    if bounds.exact:
        assert lower == upper


def with_texts(task: Task) -> Task:
    """An error is read off the exception and the traceback, as `project` does."""
    return task if task.exception or task.traceback else replace(task, error=None)


@settings(max_examples=examples(150))
@given(
    st.lists(tasks.map(consistent).map(with_texts), min_size=1, max_size=6),
    st.integers(1, 8),
    st.sets(st.integers(1, 6)),
    queries,
)
def test_the_columns_enclose_what_matches_while_errors_are_worked_out(
    found: list[Task], first: int, left_out: set[int], query: Node
) -> None:
    matches = compile_query(query, NOW)
    with table(found) as (connection, value_dictionary):
        connection.execute("UPDATE task SET error = 1 WHERE id >> 16 < ?", (first,))
        for number in left_out:
            connection.execute("UPDATE task SET error = NULL WHERE id >> 16 = ?", (number,))
        connection.execute(
            "UPDATE error_progress SET since = ?, crowded = ?", (first << 16, bool(left_out))
        )
        value_dictionary.refresh()
        bounds = to_sql(query, value_dictionary, NOW, id_value)

        upper, lower = ids(connection, bounds.upper), ids(connection, bounds.lower)

    matching = {number for number, task in enumerate(found, 1) if matches(task)}
    assert lower <= matching <= upper
    if bounds.exact:
        assert lower == upper


@settings(max_examples=examples(100))
@given(tasks.map(consistent), queries)
def test_a_zone_that_is_skipped_holds_no_match(task: Task, query: Node) -> None:
    condition = zone_condition(query, NOW)
    if condition is None or not compile_query(query, NOW)(task):
        return
    with table([task]) as (connection, _):
        measure(connection, [(1 << 16) >> 10])

        kept = connection.execute(
            f"SELECT count(*) FROM zone WHERE {condition.sql}",  # noqa: S608
            condition.parameters,
        ).fetchone()

    assert kept == (1,)


@settings(max_examples=examples(150))
@given(tasks.map(consistent), queries)
def test_what_matches_has_the_needed_texts(task: Task, query: Node) -> None:
    text_filter = query_text_filter(query)
    told = Event(
        type="task-sent", timestamp=task.seen, hostname=task.worker or "w", uuid=task.uuid,
        name=task.name, args=task.args, kwargs=task.kwargs, queue=task.queue,
        exchange=task.exchange, routing_key=task.routing_key, result=task.result,
        exception=task.exception, traceback=task.traceback,
    )  # fmt: skip
    sent = Event(type="task-sent", timestamp=1.0, hostname=task.client or "c", uuid=task.uuid)
    if text_filter is None or not compile_query(query, NOW)(task):
        return

    packed = pack((told, sent))
    assert body_prefilter(text_filter)(packed, task.state)
    passes = joined_prefilter(text_filter)
    assert passes is None or passes(JoinedBodies((b"\xd9\x01a" + packed + packed).lower()))
