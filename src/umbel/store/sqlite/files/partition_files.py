"""The files of one partition: what they take, and their removal."""

from __future__ import annotations

from pathlib import Path

from umbel.store.sqlite.files.paths import (
    bloom_filter_path,
    numbers_in,
    tasks_path,
    text_path,
    with_journals,
)


def paths(directory: Path, number: int) -> tuple[Path, ...]:
    """Every file that a partition can have."""
    return (
        *with_journals(tasks_path(directory, number)),
        *with_journals(text_path(directory, number)),
        bloom_filter_path(directory, number),
    )


def size_bytes(directory: Path, number: int) -> int:
    """What a partition takes on the disk."""
    total = 0
    for path in paths(directory, number):
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
    return total


def remove(directory: Path, number: int) -> None:
    """Unlink a partition's files, the tasks first: what is left then is of no partition."""
    for path in paths(directory, number):
        path.unlink(missing_ok=True)


def remove_remains(directory: Path) -> None:
    """Unlink files beside tasks that are not there any more: a process died while it removed
    them."""
    there = numbers_in(directory)
    for path in directory.glob("tasks-*"):
        digits = path.name[len("tasks-") :].partition(".")[0]
        if digits.isdecimal() and int(digits) not in there:
            path.unlink(missing_ok=True)
