"""Stores and ledgers by their URL: the one module that knows which adapters there are.

    sqlite:///history            files in the directory `history`, seen from here
    sqlite:////var/lib/umbel     files in /var/lib/umbel; as in SQLAlchemy, an absolute path
                                 has a fourth slash
    /var/lib/umbel, a `Path`     the same directories without a scheme
    memory://                    this process; empty at each opening

A store and the ledger beside it may be opened by different URLs. What else belongs to a place
where a store is (its id, the cluster whose history it has, a copy of it) is asked here too, so
that nobody else joins names of files.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from umbel.clock import Clock
from umbel.errors import StoreError
from umbel.masking import mask_address
from umbel.store.base import Copied, Store
from umbel.store.ledger import ENDED_EACH, Ledger
from umbel.store.samples import KEEP_S, SIZE_MAX, Samples

if TYPE_CHECKING:
    from umbel.store.memory_question_turns import MemoryQuestionTurns
    from umbel.store.sqlite.question_turns import FileQuestionTurns

#: A directory, or an address with a scheme.
Url = str | Path

MEMORY: Final = "memory://"
_SQLITE: Final = "sqlite"
#: Schemes that a later version opens.
_LATER: Final = ("postgresql", "clickhouse")


def open_store(
    url: Url,
    *,
    write: bool,
    partition_tasks: int | None = None,
    clock: Clock | None = None,
) -> Store:
    """The store at `url`, to write (made if there is none) or to read. `partition_tasks` is
    about how many tasks go into one file, None for as many as the store thinks best. Raises
    `StoreError`."""
    if url == MEMORY:
        from umbel.store import memory

        partition_tasks = partition_tasks or memory.PARTITION_TASKS
        return memory.MemoryStore(partition_tasks=partition_tasks, clock=clock)
    from umbel.store import sqlite

    partition_tasks = partition_tasks or sqlite.PARTITION_TASKS
    directory = directory_of(url)
    return sqlite.SqliteStore(directory, write=write, partition_tasks=partition_tasks, clock=clock)


def open_ledger(url: Url, *, ended_each: int = ENDED_EACH) -> Ledger:
    """The ledger at `url`; nothing is made before it is first written. `ended_each` is how many
    sessions of one user that were logged out it remembers one by one. Raises `StoreError`."""
    if url == MEMORY:
        from umbel.store.memory_ledger import MemoryLedger

        return MemoryLedger(ended_each=ended_each)
    from umbel.store.sqlite.ledger import SqliteLedger

    return SqliteLedger(directory_of(url), ended_each=ended_each)


def open_samples(
    url: Url, *, keep_s: float = KEEP_S, size_max: int = SIZE_MAX, clock: Clock | None = None
) -> Samples:
    """The samples of queues and workers at `url`, which are kept for `keep_s` and take at most
    `size_max` bytes; nothing is made before one is kept. Raises `StoreError`."""
    if url == MEMORY:
        from umbel.store.memory_samples import MemorySamples

        return MemorySamples(keep_s=keep_s)
    from umbel.store.sqlite.samples import SqliteSamples

    return SqliteSamples(directory_of(url), keep_s=keep_s, size_max=size_max, clock=clock)


def open_question_turns(url: Url, clock: Clock) -> FileQuestionTurns | MemoryQuestionTurns:
    """Whose turn it is to ask the workers of the cluster whose history is at `url`; nothing is
    made before somebody asks. Raises `StoreError`."""
    if url == MEMORY:
        from umbel.store.memory_question_turns import MemoryQuestionTurns

        return MemoryQuestionTurns(clock)
    from umbel.store.sqlite.question_turns import FileQuestionTurns

    return FileQuestionTurns(directory_of(url), clock)


def directory_of(url: Url) -> Path:
    """The directory that `url` names. Raises `StoreError` where it names something else."""
    if isinstance(url, Path):
        return url
    scheme, separator, path = url.partition("://")
    if not separator:
        return Path(url)
    if scheme != _SQLITE:
        raise _unknown(url, scheme)
    if not path.startswith("/") or len(path) == 1:
        raise StoreError(
            f"{mask_address(url)} names no directory.",
            remedy="Write sqlite:///history for a directory here, sqlite:////var/lib/umbel for "
            "an absolute one.",
        )
    return Path(path[1:])


def has_store(url: Url) -> bool:
    """Whether a writer has made a store at `url`. Raises `StoreError`."""
    from umbel.store.sqlite.files.paths import meta_path

    return url != MEMORY and meta_path(directory_of(url)).exists()


def store_id(url: Url) -> str:
    """`Store.id` of the store at `url`, without opening it. Raises `StoreError`."""
    from umbel.store.sqlite.files.errors import translated
    from umbel.store.sqlite.files.store_id import read_id

    directory = directory_of(url)
    with translated(directory):
        return read_id(directory)


def make_private(url: Url) -> None:
    """Make the place of the store, if it is on this machine, and close what is there to other
    users. Raises `StoreError`."""
    from umbel.store.sqlite.files.data_directory import make_directory

    make_directory(directory_of(url))


def read_cluster(url: Url) -> str:
    """Of which cluster the history at `url` is: the text that `keep_cluster` was given, or
    nothing. Raises `StoreError`."""
    from umbel.store.sqlite.files import store_cluster

    return store_cluster.read_cluster(directory_of(url))


def keep_cluster(url: Url, text: str) -> None:
    """Keep of which cluster the history at `url` is. Raises `StoreError`."""
    from umbel.store.sqlite.files import store_cluster

    store_cluster.keep_cluster(directory_of(url), text)


def back_up(url: Url, target: Path, on_file: Callable[[Copied], None]) -> None:
    """Copy store and ledger at `url` into the directory `target`, while others may write to
    them; `on_file` is told of each file. Raises `StoreError`."""
    from umbel.store.sqlite.files import backup

    backup.back_up(directory_of(url), target, on_file)


def _unknown(url: str, scheme: str) -> StoreError:
    later = " and ".join(f"{each}://" for each in _LATER)
    if scheme.partition("+")[0] in _LATER:
        return StoreError(
            f"{mask_address(url)} cannot be a store yet: {later} are to come.",
            remedy="Name a directory, or sqlite:///directory.",
        )
    return StoreError(
        f"Nothing is known of stores at {mask_address(url)}.",
        remedy=f"Name a directory, sqlite:///directory, or memory://; {later} are to come.",
    )
