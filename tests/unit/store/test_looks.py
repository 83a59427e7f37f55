"""Who looks at tasks is known to whoever writes them, in another process too."""

from __future__ import annotations

from pathlib import Path

from tests.support.clocks import SetClock
from umbel.store.base import Store
from umbel.store.memory import MemoryStore
from umbel.store.sqlite import SqliteStore

NOW = 1_800_000_000.0


def both_stores(folder: Path, clock: SetClock) -> list[tuple[Store, Store]]:
    """Each kind of store, as its writer and a reader have it."""
    memory = MemoryStore(clock=clock)
    writer = SqliteStore(folder, write=True, clock=clock)
    return [(memory, memory), (writer, SqliteStore(folder, write=False, clock=clock))]


def test_a_look_is_known_to_the_writer_for_some_seconds(tmp_path: Path) -> None:
    clock = SetClock(NOW)
    for writer, reader in both_stores(tmp_path, clock):
        clock.time = NOW
        assert not writer.is_looked_at()

        reader.note_look()

        assert writer.is_looked_at()
        clock.time += 4
        assert writer.is_looked_at()
        clock.time += 4
        assert not writer.is_looked_at()
        reader.close()
        writer.close()


def test_who_may_not_tell_of_a_look_still_looks(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, write=True)
    (tmp_path / "writer.lock").unlink()

    store.note_look()

    assert store.is_looked_at()  # which makes nobody wait
    store.close()
