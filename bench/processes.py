"""What processes cost, as Linux tells it under /proc: CPU time and resident memory."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

_TICK_S: Final = 1.0 / os.sysconf("SC_CLK_TCK")
_PROC: Final = Path("/proc")


class Memory(NamedTuple):
    """Bytes. `resident` counts a shared page once for each process, `proportional` in
    parts that add up, `private` is what is no file's: the heap."""

    resident: int
    proportional: int
    private: int


def tree(root: int) -> list[int]:
    """The process and all its living descendants."""
    parents = dict(_parents())
    found = [root] if root in parents else []
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def _parents() -> Iterator[tuple[int, int]]:
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            yield int(entry.name), int(fields[1])


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the third on (state, parent, ...); empty if gone."""
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text.rpartition(")")[2].split()


def cpu_s(root: int) -> float:
    """Seconds of CPU that the tree has used, with those of its ended children."""
    spent = 0
    for pid in tree(root):
        if fields := _stat(pid):
            spent += sum(int(fields[at]) for at in (11, 12, 13, 14))
    return spent * _TICK_S


def memory(root: int) -> Memory:
    """The tree's memory now."""
    totals = dict.fromkeys(("Rss", "Pss", "Private_Dirty"), 0)
    for pid in tree(root):
        try:
            text = (_PROC / str(pid) / "smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        for line in text.splitlines():
            key, _, value = line.partition(":")
            if key in totals:
                totals[key] += int(value.split()[0]) * 1024
    return Memory(totals["Rss"], totals["Pss"], totals["Private_Dirty"])


def machine_idle_s() -> float:
    """Seconds that all cores together have idled since the machine's start."""
    fields = (_PROC / "stat").read_text().split(maxsplit=6)
    return (int(fields[4]) + int(fields[5])) * _TICK_S


class Cost(NamedTuple):
    """What a tree used between `Meter`'s start and stop. `idle` is the share of the whole
    machine that nobody used."""

    cpu_s: float
    seconds: float
    peak: Memory
    idle: float


class Meter:
    """Follows a process tree from `with` to its end, looking at its memory twice a second
    and calling `also` each time."""

    def __init__(self, root: int, also: Callable[[], None] | None = None) -> None:
        self._root = root
        self._also = also
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._peak = Memory(0, 0, 0)
        self.cost: Cost | None = None

    def __enter__(self) -> Meter:
        self._begun = time.monotonic()
        self._cpu_s = cpu_s(self._root)
        self._idle_s = machine_idle_s()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        seconds = time.monotonic() - self._begun
        idle = (machine_idle_s() - self._idle_s) / (seconds * (os.cpu_count() or 1))
        self.cost = Cost(cpu_s(self._root) - self._cpu_s, seconds, self._peak, idle)

    def _watch(self) -> None:
        while True:
            now = memory(self._root)
            self._peak = Memory(*map(max, self._peak, now))
            if self._also:
                self._also()
            if self._ended.wait(0.5):
                return


def stop(process: subprocess.Popen[bytes], patience_s: float = 20.0) -> None:
    """End a process that we started: interrupt it, and kill its tree if it does not mind."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        for pid in tree(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.wait(10.0)
