"""The costs by which searches choose how to find tasks: every tuned number of the planner.

Answers never depend on them, only the time that an answer takes; so tests give a reader costs
of their own, to send small stores down every path. Fields give a measurement where one was
written down; how the other values were found was not. Whoever changes one measures before and
after with the searches of `python -m bench`.
"""

from __future__ import annotations

from typing import Final

import msgspec


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """`README.md` beside this draws the ladder on which each of them decides."""

    index_row: float = 6.0
    """Reading a row through an index, in rows of a scan of the table."""

    counted_rows: int = 100_000
    """Rows that a chart counts where roll-ups by value had no room for every value, to
    be exact: a quarter of a second."""

    few_rows: int = 2_000
    """Rows. A query that columns alone narrow down to so many is not put to the search index."""

    rows_without_zones: int = 64
    """Rows. Where an index over columns gives more, and the query has a span of a number, zones are
    asked first which part of the partition that can be, if any: half a millisecond."""

    rows_between_spans: int = 16
    """Rows that an index is let give between two spans of ids, rather than be asked twice: 4
    microseconds each."""

    read_first: int = 256
    """Tasks that are read, at the end where a page begins, before the search index is asked: a
    text that many tasks have fills a page of 50 from them. In all partitions together, since
    reading them costs 2 ms, and a text that did not fill the page is rare."""

    unindexed_tail: int = 16_384
    """Tasks. So many that are not indexed yet are read in one go; of more, pieces, with a look at
    the clock between them."""

    candidates_together: int = 64
    """Tasks of a text search, or of a sorted page, whose bodies one statement reads, between
    two looks at the clock."""

    blocks_read_whole: int = 1_000
    """Blocks (of 8 tasks) that the search index names and that are read whole, before an index
    over columns is asked which of their tasks to read."""

    scan_window_first: int = 4_096
    """Ids of the first window of a scan over the table: small, so that a full page comes at
    once. Windows without a match are followed by larger ones."""

    scan_window_largest: int = 1 << 20
    """Ids of the largest window of a scan: a whole partition."""

    sort_all_rows: int = 1_000
    """Rows. A query that finds at most so many has all of them read and sorted in memory."""

    sort_all_candidates: int = 4_096
    """Tasks. The same for candidates of a text search, most of which do not match and are passed
    over by their bytes."""

    sort_index_rows: int = 4_000
    """Rows of an index over columns that are sorted without asking in which zones they are."""

    sort_index_keys: int = 16
    """Keys of an index that are looked up in each zone (a name pattern may have hundreds, each a
    search in the tree for every zone)."""

    sort_many_keys_rows: int = 60_000
    """Rows that an index of more keys than `sort_index_keys` may give for all of them to be
    sorted; with more, zones are read without the index."""

    sort_blocks: int = 16_384
    """Blocks. Where the search index finds more, a sorted page is made without it."""

    sort_zones_first: int = 16
    """Zones (of 1,024 tasks) of the first step of a sorted page."""

    sort_zones_opened: int = 64
    """Zones of a partition that are put in order among those of others at a time: a page of 50 is
    seldom in more, and a partition has a thousand."""

    sort_zones_growth: int = 2
    """By how many times more zones each further step takes, after one that took all it might."""

    trigrams_considered: int = 12
    """Trigrams of a text whose rarity is estimated, evenly spaced over the text."""

    trigrams_queried: int = 6
    """Of these, the rarest that the search index is asked for: of a word that is found, one
    trigram tells little that the others do not."""

    token_lookup: float = 1.6e-5
    """Finding a token in the search index, by the time that reading the tasks of all blocks
    takes."""

    token_postings: float = 4e-4
    """Reading the blocks of a token that stands in all of them, by the same time. For a token in
    a part of them: that part of it."""

    prefix_tokens: int = 400
    """Tokens. A text of one or two characters that begins more tokens is too common for the index
    to help."""

    sample_tasks: int = 128
    """Tasks, the newest of a partition, from whose texts the share of a token is estimated."""

    sampled_tokens: int = 400
    """Tokens that are counted in the sample for one query, a tenth of a millisecond each; further
    ones are taken to be rare."""

    sample_unseen: float = 1.0
    """Tasks that are added to the count in the sample, since the rarest there are seldom so rare
    elsewhere (add-one smoothing)."""

    unindexed_while_busy: int = 50_000
    """Tasks that may wait for the search index while the writer is busy: reading all of them takes
    a search about half a second."""

    steps_between_clock: int = 4_000
    """Steps of SQLite's virtual machine between two looks at the clock."""


COSTS: Final = Costs()
