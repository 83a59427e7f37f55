"""Bodies of 64 neighbouring tasks, joined, as texts are looked for in them.

Tasks that are not in the search index yet are read by every search for a text: some thousand where
a thousand come each second. Most texts are in none of them. To unpack a body costs three times what
looking for a text in it does, and whoever types a search asks several times in a second; so bodies
stay joined in memory as long as they are what the file has, byte by byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Final

from umbel.store.sqlite.files.damage import BODY_DAMAGE
from umbel.store.sqlite.search.id_ranges import Range
from umbel.store.sqlite.search.read_partition import ReadPartition
from umbel.store.sqlite.text.joined_bodies_cache import JoinedBodies, Rows

#: Tasks of one group.
_GROUP_BITS: Final = 6
GROUP: Final = 1 << _GROUP_BITS
#: Groups of longer bodies are not joined.
_GROUP_BYTES: Final = 512 * 1_024
_ASCENDING: Final = "SELECT id, z FROM body WHERE id BETWEEN ? AND ? ORDER BY id"
_DESCENDING: Final = f"{_ASCENDING} DESC"


def joined_bodies(
    partition: ReadPartition, span: Range, *, descending: bool
) -> Iterator[tuple[Range, JoinedBodies | None]]:
    """All bodies of the tasks within `span`, in groups, in order of their ids, with the first and
    the last id of each; None for those that are too long or cannot be read. Once half of what the
    cache may hold is given, the rest is one group, and None: else the next search would find
    nothing of its own in the cache."""
    room = partition.joined_bodies.most_bytes // 2
    rows: Iterator[tuple[int, bytes]] = partition.connection.execute(
        _DESCENDING if descending else _ASCENDING, span
    )
    for number, some in groupby(rows, lambda row: row[0] >> _GROUP_BITS):
        if room < 0:
            edge = number << _GROUP_BITS
            yield ((span[0], edge + GROUP - 1) if descending else (edge, span[1])), None
            return
        group = list(some)
        key = partition.file, number
        joined = partition.joined_bodies.get(key, group)
        if joined is None:
            joined = _joined(group, partition.packed)
            if joined is not None:
                partition.joined_bodies.put(key, group, joined)
        first, last = sorted((group[0][0], group[-1][0]))
        yield (first, last), joined
        room -= 0 if joined is None else len(joined.lowered)


def _joined(rows: Rows, packed: Callable[[bytes], bytes]) -> JoinedBodies | None:
    bodies: list[bytes] = []
    size = 0
    for _, compressed in rows:
        try:
            body = packed(compressed)
        except BODY_DAMAGE:
            return None
        size += len(body)
        if size > _GROUP_BYTES:
            return None
        bodies.append(body)
    return JoinedBodies(b"".join(bodies).lower())
