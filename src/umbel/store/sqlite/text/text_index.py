"""The search index of one partition (FTS5, trigrams): which blocks of tasks have certain texts.

Theory of operation. Tasks are indexed by blocks of 8 neighbours, since trigrams of single
tasks would cost several times the space; whoever reads verifies the tasks of a block. The index
follows the tasks: blocks below `progress.upto` are in it, and a task below that gets a
change of its text is put into the table `retext` in the very transaction that changes it,
to be taken up as a "later" document. So at any moment the tasks at or above `upto`, and
those in `retext` beyond `progress.retext`, are exactly those that must be looked at without
the index, and a search is exact however far the index is behind.

For this, `IndexProgress.announce` is called under the writer's lock before a block is read.
"""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import apsw
import msgspec

from umbel.store.sqlite.files.damage import is_damage
from umbel.store.sqlite.files.paths import only_row
from umbel.store.sqlite.search.id_ranges import Range
from umbel.store.sqlite.search.reader import ReadPartition

BLOCK_BITS: Final = 3
#: Tasks of a block.
BLOCK: Final = 1 << BLOCK_BITS
#: Documents from this number on are of tasks that changed after they were indexed.
FIRST_LATER: Final = 1 << 40


class Coverage(msgspec.Struct, frozen=True):
    """Tasks below `upto` are indexed, except for those in `stale`."""

    upto: int
    stale: tuple[int, ...]


def last_dequeued(tasks: apsw.Connection) -> int:
    """The highest number that was removed from the queue. An index that has not come so
    far lost its last transactions (a power failure): it would miss what changed."""
    (first,) = only_row(tasks, "SELECT min(number) FROM retext")
    if first is not None:
        return int(first) - 1
    row = tasks.execute("SELECT seq FROM sqlite_sequence WHERE name = 'retext'").fetchone()
    return 0 if row is None else int(row[0])


def coverage(partition: ReadPartition) -> Coverage | None:
    """How far the index of a partition goes; None if it has none that can be used.

    The partition's moment must have been fixed by an earlier question, so that the index's
    is not before it: then nothing falls between them.
    """
    queue: list[tuple[int, int]] = partition.connection.execute(  # type: ignore[assignment]
        "SELECT number, id FROM retext"
    ).fetchall()
    left = last_dequeued(partition.connection)
    text = partition.text
    if text is None:
        return None
    try:
        upto, done = only_row(text, "SELECT upto, retext FROM progress")
    except Exception as error:
        if not is_damage(error):
            raise
        partition.drop_text()
        return None
    if done < left:
        return None
    return Coverage(upto, tuple({task_id for number, task_id in queue if number > done}))


class PartitionTokens:
    """Statistics of the tokens of a partition's index, for `text_filter.index_query`.

    `shares` are those of the same question's earlier partitions, to which these are added: they
    choose among tokens that are all right, so one sample does for all partitions.
    """

    def __init__(self, partition: ReadPartition, shares: dict[str, float] | None = None) -> None:
        self._partition = partition
        self.costs = partition.costs
        self._of_question = {} if shares is None else shares
        self._shares = dict(self._of_question)

    def starting_with(self, text: str) -> list[str] | None:
        """See `text_filter.TokenStatistics`."""
        index = self._partition.text
        if index is None or not text:
            return None
        found: list[tuple[str]] = index.execute(  # type: ignore[assignment]
            "SELECT term FROM temp.token WHERE term >= ? AND term < ? LIMIT ?",
            (text, text + "\U0010ffff", self.costs.prefix_tokens + 1),
        ).fetchall()
        return None if len(found) > self.costs.prefix_tokens else [term for (term,) in found]

    def share(self, token: str) -> float:
        """See `text_filter.TokenStatistics`: estimated from a sample of tasks, as if each token
        stood anywhere. Tokens of one query beyond the first hundreds are taken to be rare."""
        share = self._shares.get(token)
        if share is not None:
            return share
        sample, tasks = self._partition.sample
        count = sample.count(token) if len(self._shares) < self.costs.sampled_tokens else 0
        each = min(1.0, (count + self.costs.sample_unseen) / (tasks + 1))
        share = 1.0 - (1.0 - each) ** BLOCK
        self._shares[token] = share
        if tasks >= self.costs.sample_tasks:
            self._of_question[token] = share
        return share


class Hits(NamedTuple):
    """What the index finds: blocks in order, and tasks that were taken up later."""

    blocks: Iterator[int]
    changed: tuple[int, ...]


def hits(partition: ReadPartition, expression: str, span: Range, *, descending: bool) -> Hits:
    """Where, within the ids of `span`, what `expression` asks for may be."""
    text = partition.text
    if text is None:
        return Hits(iter(()), ())
    low, high = span
    rows = text.execute(
        "SELECT rowid FROM document WHERE document MATCH ? AND rowid BETWEEN ? AND ?"
        f" ORDER BY rowid {'DESC' if descending else 'ASC'}",
        (expression, low >> BLOCK_BITS, high >> BLOCK_BITS),
    )
    changed: set[int] = set()
    if text.execute("SELECT 1 FROM later LIMIT 1").fetchone() is not None:
        later = text.execute(
            "SELECT ids FROM later WHERE document IN"
            " (SELECT rowid FROM document WHERE document MATCH ? AND rowid >= ?)",
            (expression, FIRST_LATER),
        )
        changed.update(task_id for (ids,) in later for task_id in array("I", ids))
    return Hits((number for (number,) in rows), tuple(changed))


def first_of(number: int) -> int:
    """The first id of this block."""
    return number << BLOCK_BITS


def expanded(numbers: Iterable[int], span: Range, *, descending: bool) -> Iterator[int]:
    """The ids of these blocks that lie within `span`."""
    for number in numbers:
        first = max(span[0], number << BLOCK_BITS)
        last = min(span[1], (number << BLOCK_BITS) + BLOCK - 1)
        ids = range(first, last + 1)
        yield from reversed(ids) if descending else ids
