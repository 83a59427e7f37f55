"""How long the buckets of roll-ups are, and which of them a file has.

Charts of a month are drawn in buckets of a quarter of a day or more, so there are sums of these as
well: of a month of 200 workers they are 24,000 rows where those by hour are 144,000. A file into
which an earlier Umbel stored tasks has none, and hours are summed up in their place.
"""

from __future__ import annotations

from typing import Final

import apsw

from umbel.store.sqlite.files.migrations import version
from umbel.store.sqlite.files.paths import only_row

#: Seconds.
MINUTE_S: Final = 60
TEN_MINUTES_S: Final = 600
HOUR_S: Final = 3_600
QUARTER_DAY_S: Final = 21_600
LEVELS: Final = (MINUTE_S, TEN_MINUTES_S, HOUR_S, QUARTER_DAY_S)
#: Files of fewer migrations have no longer ones than hours.
_FORMAT: Final = 5


def longest(connection: apsw.Connection) -> int:
    """The longest bucket that all tasks of the file are in, seconds."""
    if version(connection) < _FORMAT:
        return HOUR_S
    return int(only_row(connection, "SELECT longest FROM roll_longest")[0])


def has_numbers(connection: apsw.Connection) -> bool:
    """Whether `value_roll` has columns for how many a latency histogram counts."""
    return version(connection) >= _FORMAT
