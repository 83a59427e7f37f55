"""Samples on a disk that fills up, and in a process that is killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.mounts import small_disk
from umbel.errors import StoreFull
from umbel.store.opening import open_samples
from umbel.store.samples import Samples, Values

NOON = 1_795_348_800.0
#: Keeps one sample after the other until it is killed, and says when each is kept.
WRITER = """
import sys
from pathlib import Path
from umbel.store.opening import open_samples
samples = open_samples(Path(sys.argv[1]))
for number in range(100_000):
    seen = {f"q{each}": (float(number), 1.0, 2.0, 3.0, 4.0) for each in range(200)}
    samples.keep("queue", 1_795_348_800.0 + 10 * number, seen)
    print(number, flush=True)
"""


def kept(number: int) -> dict[str, Values]:
    return {
        f"q{each}-{number % 5}": (each * 1.7 * number, 1.0, 2.0, 3.0, 4.0) for each in range(400)
    }


def fill(samples: Samples) -> int:
    """Keep samples until there is no room; how many there was room for."""
    for number in range(10_000):
        try:
            samples.keep("queue", NOON + 10 * number, kept(number))
        except StoreFull:
            return number
    raise AssertionError("The disk never was full.")


def test_a_full_disk_is_told_and_samples_go_on_when_there_is_room(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    with small_disk(disk, "size=3m"):
        ballast = disk / "ballast"
        ballast.write_bytes(b"x" * 2**20)
        samples = open_samples(disk / "data")
        number = fill(samples)
        at = NOON + 10 * number
        before = samples.lines("queue", 0, NOON, at, limit=1).items
        ballast.unlink()

        samples.keep("queue", at, kept(number))

        after = samples.lines("queue", 0, NOON, at + 10, limit=1).items
        samples.close()
        assert not (disk / "data" / "damaged").exists()
    assert before
    assert after[0].points[-1][0] == at


def test_after_kill_9_all_that_was_kept_is_there(tmp_path: Path) -> None:
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            last = [int(writer.stdout.readline()) for _ in range(70)][-1]
            writer.kill()
        samples = open_samples(tmp_path)

        (line,) = samples.lines("queue", 0, NOON, NOON + 10 * last + 1, ["q7"]).items
        (minutes,) = samples.lines("queue", 1, NOON, NOON + 600, ["q7"]).items

        assert [at for at, _ in line.points] == [int(NOON) + 10 * n for n in range(last + 1)]
        assert [values[0] for _, values in minutes.points] == [2.5 + 6 * n for n in range(10)]
        samples.close()
