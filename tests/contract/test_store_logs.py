"""What every store keeps of the logs of tasks: `task_log`."""

from __future__ import annotations

import random

import pytest

from tests.contract import stories
from tests.contract.conftest import StoreFactory
from tests.contract.stories import BASE, WORKER, uuid_of
from umbel.cluster.events import Event, LogLine, LogLines
from umbel.cluster.task_log import PER_SIDE_BYTES, LogRun
from umbel.errors import CursorError
from umbel.store.base import LogPage, Retention, Store


def told(
    number: int, first: int, *texts: str, retries: int = 0, left_out: int = 0, pid: int = 11
) -> Event:
    """Lines from `first` on of the log of a task, as its worker tells them."""
    lines = tuple(LogLine(BASE + first + at, 20, "shop", text) for at, text in enumerate(texts))
    return Event(
        type="log-lines", timestamp=BASE + first, hostname=WORKER, pid=pid, clock=9,
        uuid=uuid_of(number), retries=retries,
        log_lines=LogLines(BASE + retries, first, first + len(texts) - 1, left_out, lines),
    )  # fmt: skip


def texts(page: LogPage) -> list[str]:
    found = sorted(page.parts, key=lambda part: part.piece.key)
    return [line.text for part in found for line in part.lines]


def run(
    written: int, *, left_out: int = 0, missing: int = 0, retries: int = 0, pid: int = 11
) -> LogRun:
    return LogRun(
        retries=retries, started=BASE + retries, hostname=WORKER, pid=pid, written=written,
        left_out=left_out, missing=missing,
    )  # fmt: skip


def test_a_log_is_the_same_in_any_order_and_however_often_its_pieces_come(store: Store) -> None:
    pieces = [
        told(1, 1, "one", "two"),
        told(1, 3, "three"),
        told(1, 1, "again", retries=1),
        told(1, 9, "nine", left_out=5),
        told(1, 1, "at once, elsewhere", pid=12),
    ]
    shuffled = [*pieces, *pieces]
    random.Random(7).shuffle(shuffled)

    for piece in shuffled:
        store.apply([piece])

    page = store.task_log(uuid_of(1))
    assert texts(page) == ["one", "two", "three", "nine", "at once, elsewhere", "again"]
    assert page.runs == (run(9, left_out=5), run(1, pid=12), run(1, retries=1))
    assert store.apply(pieces).repeated == pieces
    assert not store.apply(pieces)


def test_what_nobody_heard_is_counted(store: Store) -> None:
    store.apply([told(1, 1, "one"), told(1, 4, "four")])

    assert store.task_log(uuid_of(1)).runs == (run(4, missing=2),)


def test_lines_that_come_late_are_on_the_next_page_too(store: Store) -> None:
    store.apply([told(1, 3, "three"), *stories.begun(uuid_of(1), BASE)])
    store.apply([told(1, 4, "four")])
    first = store.task_log(uuid_of(1), limit=1)
    rest = store.task_log(uuid_of(1), first.cursor)

    store.apply([told(1, 1, "one", "two")])

    assert (texts(first), first.complete) == (["three"], False)
    assert (texts(rest), rest.complete) == (["four"], True)
    assert texts(store.task_log(uuid_of(1), rest.cursor)) == ["one", "two"]
    assert store.task_log(uuid_of(2)) == LogPage()


def test_a_line_is_a_change_of_its_task_and_of_nothing_in_it(store: Store) -> None:
    store.apply(stories.begun(uuid_of(1), BASE))
    before, seq = store.task(uuid_of(1)), store.seq()

    assert store.apply([told(1, 1, "one")])

    changes = store.follow(seq)
    assert [(each.task.uuid, each.was) for each in changes.items] == [(uuid_of(1), "STARTED")]
    assert store.task(uuid_of(1)) == before
    assert not store.apply([told(1, 1, "one")])
    assert store.follow(changes.seq).items == ()


def test_lines_may_come_before_their_task(store: Store) -> None:
    assert not store.has_logs()

    store.apply([told(1, 1, "one")])

    assert store.task(uuid_of(1)) is None
    assert store.has_logs()
    store.apply(stories.succeeded(uuid_of(1), BASE))
    assert texts(store.task_log(uuid_of(1))) == ["one"]


def test_the_beginning_and_the_end_stay_of_a_log_that_is_too_long(store: Store) -> None:
    long = [told(1, number, f"{number}:" + "x" * 9_000) for number in range(1, 200)]
    shuffled = long[:]
    random.Random(3).shuffle(shuffled)

    for piece in shuffled:
        store.apply([piece])

    page = store.task_log(uuid_of(1), limit=10_000)
    shown = [int(text.partition(":")[0]) for text in texts(page)]
    assert (shown[0], shown[-1]) == (1, 199)
    assert 1.8 * PER_SIDE_BYTES < sum(map(len, texts(page))) < 2 * PER_SIDE_BYTES
    assert page.runs == (run(199, missing=199 - len(shown)),)


def test_a_log_is_trimmed_with_its_task(store_factory: StoreFactory) -> None:
    store = store_factory(partition_tasks=5)
    for number in range(20):
        end = stories.begun if number == 1 else stories.succeeded
        store.apply([*end(uuid_of(number), BASE + 86_400 * number), told(number, 1, f"{number}")])

    store.trim(Retention(max_tasks=12), BASE + 86_400 * 20)

    left = {number for number in range(20) if store.task(uuid_of(number)) is not None}
    logged = {number for number in range(20) if store.task_log(uuid_of(number)).parts}
    assert logged == left
    assert 0 not in left


@pytest.mark.parametrize("cursor", ["x", "1.", "1.2.3", "9" * 40, "\N{ARABIC-INDIC DIGIT ONE}.2"])
def test_another_text_is_no_cursor(store: Store, cursor: str) -> None:
    with pytest.raises(CursorError):
        store.task_log(uuid_of(1), cursor)
