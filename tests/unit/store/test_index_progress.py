"""The writer and the index agree on which changes of text are queued."""

from __future__ import annotations

from umbel.store.sqlite.write.index_progress import IndexProgress


def test_changes_below_the_mark_are_queued() -> None:
    progress = IndexProgress(has_queue=False)

    progress.announce(16)

    assert progress.covers(15)
    assert not progress.covers(16)


def test_what_is_queued_while_the_queue_is_read_is_not_lost() -> None:
    progress = IndexProgress(has_queue=True)

    assert progress.take_queue()
    progress.queued()  # after the index had read the queue
    progress.dequeue(7, rest=False)

    assert progress.has_queue
    assert progress.dequeued == 7


def test_an_empty_queue_is_not_read_again() -> None:
    progress = IndexProgress(has_queue=True)

    assert progress.take_queue()

    assert not progress.take_queue()


def test_a_queue_that_was_read_in_part_is_read_again() -> None:
    progress = IndexProgress(has_queue=True)

    progress.take_queue()
    progress.dequeue(1_024, rest=True)

    assert progress.take_queue()
