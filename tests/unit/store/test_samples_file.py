"""The file of samples: who may read it, how large it grows, and what happens when it is damaged."""

from __future__ import annotations

import stat
from pathlib import Path

import apsw
import pytest

from tests.support.clocks import SetClock
from umbel.errors import StoreCorrupt, StoreTooNew
from umbel.store.opening import back_up, open_samples, open_store
from umbel.store.samples import Samples, Values
from umbel.store.sqlite.files.paths import samples_path

NOON = 1_795_348_800.0
BUSY: Values = (4.0, 4.0, None, 2.0, None)


def names(samples: Samples, level: int = 0) -> list[str]:
    return [line.name for line in samples.lines("queue", level, NOON, NOON + 3_600).items]


def damaged(directory: Path) -> list[str]:
    return [part.sentence for part in open_store(directory, write=False).status().damaged]


def test_reading_makes_no_file(tmp_path: Path) -> None:
    samples = open_samples(tmp_path / "data")

    assert names(samples) == []
    assert samples.size().bytes == 0
    assert not (tmp_path / "data").exists()


def test_only_its_owner_may_read_any_of_its_files(tmp_path: Path) -> None:
    samples = open_samples(tmp_path)
    samples.keep("queue", NOON, {"mail": BUSY})

    files = list(tmp_path.glob("umbel-samples.db*"))

    assert len(files) == 3
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    samples.close()


def test_one_that_was_opened_before_reads_what_another_keeps(tmp_path: Path) -> None:
    reader, writer = open_samples(tmp_path), open_samples(tmp_path)
    assert names(reader) == []

    writer.keep("queue", NOON, {"mail": BUSY})

    assert names(reader) == ["mail"]
    reader.close()
    writer.close()


@pytest.mark.parametrize(
    "content", [b"no database " * 1_000, b"SQLite format 3\0" + b"\xff" * 9_000]
)
def test_a_damaged_file_is_set_aside_and_begun_anew(tmp_path: Path, content: bytes) -> None:
    open_store(tmp_path, write=True).close()
    samples_path(tmp_path).write_bytes(content)
    samples = open_samples(tmp_path, clock=SetClock(NOON))
    with pytest.raises(StoreCorrupt):
        names(samples)

    samples.keep("queue", NOON, {"mail": BUSY})

    assert names(samples) == ["mail"]
    assert [path.read_bytes()[:100] for path in tmp_path.glob("damaged/*/umbel-samples.db")] == [
        content[:100]
    ]
    (sentence,) = damaged(tmp_path)
    assert "umbel-samples.db was damaged" in sentence
    assert "No task is missing" in sentence
    samples.close()


def test_a_damaged_row_is_damage_of_the_file(tmp_path: Path) -> None:
    samples = open_samples(tmp_path, clock=SetClock(NOON))
    samples.keep("queue", NOON, {"mail": BUSY})
    other = apsw.Connection(str(samples_path(tmp_path)))
    other.execute("UPDATE bucket SET content = x'0102030405'")
    other.close()
    with pytest.raises(StoreCorrupt, match="damaged"):
        names(samples)

    samples.keep("queue", NOON + 5, {"pay": BUSY})

    assert names(samples) == ["pay"]
    samples.close()


def test_damage_that_only_readers_meet_ends_with_the_next_sample(tmp_path: Path) -> None:
    samples = open_samples(tmp_path, clock=SetClock(NOON))
    samples.keep("queue", NOON, {"mail": BUSY})
    other = apsw.Connection(str(samples_path(tmp_path)))
    other.execute("UPDATE bucket SET content = x'0102030405'")
    other.close()
    with pytest.raises(StoreCorrupt):
        names(samples)

    samples.keep("queue", NOON + 20, {"pay": BUSY})

    assert names(samples) == ["pay"]
    samples.close()


def test_of_files_that_were_damaged_the_last_one_stays(tmp_path: Path) -> None:
    samples = open_samples(tmp_path, clock=SetClock(NOON))
    for _ in range(3):
        samples.close()
        samples_path(tmp_path).write_bytes(b"no database " * 1_000)
        samples = open_samples(tmp_path, clock=SetClock(NOON))
        samples.keep("queue", NOON, {"mail": BUSY})

    assert len(list((tmp_path / "damaged").iterdir())) == 1
    samples.close()


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    samples = open_samples(tmp_path)
    samples.keep("queue", NOON, {"mail": BUSY})
    samples.close()
    newer = apsw.Connection(str(samples_path(tmp_path)))
    newer.pragma("user_version", 99)
    newer.close()

    for samples in (open_samples(tmp_path), open_samples(tmp_path)):
        with pytest.raises(StoreTooNew):
            samples.keep("queue", NOON, {"mail": BUSY})

    assert not (tmp_path / "damaged").exists()


def test_what_failed_is_kept_by_the_next_sample(tmp_path: Path) -> None:
    """A name whose sample was not committed is not believed to have a number."""
    samples = open_samples(tmp_path)
    samples.keep("queue", NOON, {"mail": BUSY})
    blocker = apsw.Connection(str(samples_path(tmp_path)))
    blocker.execute(
        "CREATE TRIGGER no BEFORE INSERT ON bucket BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    with pytest.raises(apsw.ConstraintError):
        samples.keep("queue", NOON + 10, {"mail": BUSY, "pay": BUSY})
    blocker.execute("DROP TRIGGER no")
    blocker.close()

    samples.keep("queue", NOON + 20, {"other": BUSY, "pay": BUSY})

    assert names(samples) == ["mail", "other", "pay"]
    samples.close()


def test_beyond_its_bound_the_oldest_go(tmp_path: Path) -> None:
    bound = 100_000
    samples = open_samples(tmp_path, size_max=bound)
    for tenth in range(800):
        seen = {f"q{n}-{tenth % 7}": (float(n * tenth),) * 5 for n in range(20)}
        samples.keep("queue", NOON + 600 * tenth, seen)

    lines = samples.lines("queue", 2, NOON, NOON + 600 * 800, limit=10).items

    assert samples.size().bytes < 2 * bound
    assert min(line.points[0][0] for line in lines) > NOON + 600 * 100
    assert max(line.points[-1][0] for line in lines) >= NOON + 600 * 790
    samples.close()


def test_a_copy_of_the_directory_has_them(tmp_path: Path) -> None:
    open_store(tmp_path / "data", write=True).close()
    samples = open_samples(tmp_path / "data")
    samples.keep("queue", NOON, {"mail": BUSY})

    back_up(tmp_path / "data", tmp_path / "copy", lambda _file: None)

    copy = open_samples(tmp_path / "copy")
    assert names(copy) == ["mail"]
    samples.close()
    copy.close()


def test_a_clock_that_is_wrong_for_a_while_takes_no_samples_with_it(tmp_path: Path) -> None:
    clock = SetClock(NOON)
    samples = open_samples(tmp_path, clock=clock)
    samples.keep("queue", NOON, {"mail": BUSY})

    clock.ahead_s = 400 * 86_400.0
    samples.keep("queue", clock.now(), {"mail": BUSY})
    clock.ahead_s = 0.0

    assert names(samples) == names(samples, level=2) == ["mail"]
    samples.close()
