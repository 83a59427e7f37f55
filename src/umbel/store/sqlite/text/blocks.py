"""All blocks of a partition that a query's texts may be in, where they are few enough."""

from __future__ import annotations

from itertools import islice

import apsw

from umbel.query.ast import Node
from umbel.store.sqlite.search.reader import ReadPartition
from umbel.store.sqlite.text.query_text_filter import query_text_filter
from umbel.store.sqlite.text.text_filter import index_query
from umbel.store.sqlite.text.text_index import BLOCK_BITS, PartitionTokens, coverage, hits


def blocks_of(partition: ReadPartition, query: Node, most: int) -> frozenset[int] | None:
    """The numbers of the blocks outside which nothing matches, those that are not indexed
    yet among them; None if the index finds more than `most`, or cannot tell."""
    text_filter = query_text_filter(query)
    covered = None if text_filter is None else coverage(partition)
    if text_filter is None or covered is None:
        return None
    newest = partition.newest_id()
    try:
        wanted = index_query(text_filter, PartitionTokens(partition))
        if wanted is None or wanted.states:
            return None
        found = hits(partition, wanted.expression, (1, newest), descending=True)
        blocks = set(islice(found.blocks, most + 1))
    except apsw.CorruptError:
        # Whoever writes makes the index anew; until then it is done without.
        partition.drop_text()
        return None
    if len(blocks) > most:
        return None
    blocks.update(task_id >> BLOCK_BITS for task_id in (*found.changed, *covered.stale))
    blocks.update(range(covered.upto >> BLOCK_BITS, (newest >> BLOCK_BITS) + 1))
    return frozenset(blocks)
