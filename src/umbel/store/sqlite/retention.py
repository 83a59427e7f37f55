"""Removing the oldest tasks, whole partitions at a time: unlinking a file costs nothing."""

from __future__ import annotations

from pathlib import Path

from umbel.store.base import Retention, Trimmed
from umbel.store.sqlite.files import sieve_path, tasks_path, text_path, with_journals
from umbel.store.sqlite.writer import Writer

#: A partition is sealed when it alone makes up this part of what may stay, so that there is
#: something to remove before the bound is passed by far.
_SHARE = 0.1
#: Fewer tasks are not worth a partition of their own.
_WORTH_SEALING = 1_000


def trim(directory: Path, writer: Writer, retention: Retention, now: float) -> Trimmed:
    """See `Store.trim`."""
    removed_tasks = removed_bytes = 0
    with writer.lock, writer.whole():
        _seal_in_time(directory, writer, retention, now)
        while len(writer.partitions) > 1 and _is_beyond(directory, writer, retention, now):
            oldest = writer.partitions[0]
            removed_tasks += oldest.next_id - 1
            removed_bytes += size_bytes(directory, oldest.number)
            writer.drop_oldest()
            remove(directory, oldest.number)
        writer.catalog.forget_silent()
    return Trimmed(removed_tasks, removed_bytes)


def _seal_in_time(directory: Path, writer: Writer, retention: Retention, now: float) -> None:
    hot = writer.hot
    tasks = hot.next_id - 1
    if tasks < _WORTH_SEALING:
        return
    if (
        (retention.max_tasks is not None and tasks >= retention.max_tasks * _SHARE)
        or (
            retention.max_bytes is not None
            and size_bytes(directory, hot.number) >= retention.max_bytes * _SHARE
        )
        or (
            retention.max_age_s is not None
            and hot.oldest_seen() < now - retention.max_age_s * _SHARE
        )
    ):
        writer.seal()


def _is_beyond(directory: Path, writer: Writer, retention: Retention, now: float) -> bool:
    partitions = writer.partitions
    if (
        retention.max_age_s is not None
        and partitions[0].latest("timestamp") < now - retention.max_age_s
    ):
        return True
    if retention.max_tasks is not None:
        tasks = sum(partition.next_id - 1 for partition in partitions)
        if tasks > retention.max_tasks:
            return True
    if retention.max_bytes is not None:
        return sum(size_bytes(directory, each.number) for each in partitions) > retention.max_bytes
    return False


def paths(directory: Path, number: int) -> tuple[Path, ...]:
    """Every file that a partition can have."""
    return (
        *with_journals(tasks_path(directory, number)),
        *with_journals(text_path(directory, number)),
        sieve_path(directory, number),
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
    """Unlink a partition's files."""
    for path in paths(directory, number):
        path.unlink(missing_ok=True)


def remove_strays(directory: Path, known: set[int]) -> None:
    """Unlink files of partitions that were dropped just before a process died."""
    for path in directory.glob("tasks-*"):
        digits = path.name[len("tasks-") :].partition(".")[0]
        if digits.isdecimal() and known and int(digits) < min(known):
            path.unlink(missing_ok=True)
