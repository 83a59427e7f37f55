"""The log of one run in its worker: numbers, bounds, batches."""

from __future__ import annotations

import threading
from typing import Any

from umbel.worker.task_log import BATCH_BYTES, LINE_MAX, RunLog


def log(lines_max: int = 100, max_bytes: int = 100_000) -> RunLog:
    return RunLog("t1", 2, 5.0, 1, lines_max=lines_max, max_bytes=max_bytes)


def write(run: RunLog, *texts: str) -> None:
    for text in texts:
        run.add(7.0, 20, "shop", text)


def batches(run: RunLog) -> list[list[Any]]:
    found = []
    while (batch := run.batch()) is not None:
        assert (batch["uuid"], batch["retries"]) == ("t1", 2)
        found.append(batch["log_lines"])
    return found


def test_lines_are_numbered_and_given_out_once() -> None:
    run = log()
    write(run, "one", "two")
    first = batches(run)
    write(run, "three")
    run.has_ended = True

    assert first == [[5.0, 1, 2, 0, [(7.0, 20, "shop", "one", 0), (7.0, 20, "shop", "two", 0)]]]
    assert batches(run) == [[5.0, 3, 3, 0, [(7.0, 20, "shop", "three", 0)]]]
    assert run.is_sent


def test_of_too_many_the_first_and_the_last_are_told_and_the_rest_is_counted() -> None:
    run = log(lines_max=10)
    write(run, *map(str, range(1, 100_001)))
    (first, running) = batches(run)
    run.has_ended = True
    (last,) = batches(run)

    assert [line[3] for line in first[4]] == list("123456789")
    assert running == [5.0, 100_001, 100_000, 99_991, []]
    assert last[1:4] == [100_000, 100_000, 99_990]
    assert [line[3] for line in last[4]] == ["100000"]


def test_how_many_are_left_out_is_told_while_it_runs_and_not_with_each() -> None:
    run = log(lines_max=10)
    told = 0
    for number in range(1, 1_001):
        write(run, str(number))
        told += len(batches(run))

    assert 9 < told < 20


def test_a_long_line_is_cut_and_says_by_how_much() -> None:
    run = log()
    write(run, "x" * 1_000_000)

    ((*_, [line]),) = batches(run)
    assert (len(line[3]), line[4]) == (LINE_MAX, 1_000_000 - LINE_MAX)


def test_text_is_bounded_as_well_as_lines() -> None:
    run = log(max_bytes=40_000)
    write(run, *("\u20ac" * 1_000 for _ in range(50)))
    run.has_ended = True

    found = batches(run)
    assert sum(len(line[3].encode()) for each in found for line in each[4]) < 40_000
    assert (found[-1][2], found[-1][3]) == (50, 50 - sum(len(each[4]) for each in found))


def test_much_is_given_out_in_several_batches() -> None:
    run = log()
    write(run, *("x" * 8_000 for _ in range(8)))

    found = batches(run)
    assert len(found) > 1
    assert [each[1] for each in found] == [1, *(each[2] + 1 for each in found[:-1])]
    assert all(sum(len(line[3]) for line in each[4]) <= BATCH_BYTES for each in found)


def test_what_waited_too_long_is_left_out_and_counted() -> None:
    run = log()
    write(run, "one", "two")
    run.give_up_waiting()
    write(run, "three")

    assert [each[1:4] for each in batches(run)] == [[3, 3, 2]]


def test_threads_of_one_task_may_write_at_once() -> None:
    run = log(lines_max=5_000, max_bytes=10**7)
    threads = [threading.Thread(target=write, args=(run, *"x" * 500)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(len(each[4]) for each in batches(run)) == 2_000
