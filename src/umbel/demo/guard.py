"""The process that outlives the demo, to leave nothing behind.

A demo that is killed cannot clean up. So before anything else it starts this guard, which
holds the reading end of a pipe that the demo alone can write. However the demo ends, the
kernel closes the pipe; the guard then kills the process group that all of the demo's
processes are started in and removes its temporary directory.

The group needs a leader that lives as long as the guard: a fork that does nothing. Its id,
which is the group's, is the one line that the guard prints. Run as a file with nothing but
the standard library, since it must start fast and never fail.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from pathlib import Path


def main(directory: Path) -> None:
    """Guard until standard input ends, then end the group and remove `directory`."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    leader = os.fork()
    if leader == 0:
        _lead()
    os.setpgid(leader, leader)
    os.write(1, f"{leader}\n".encode())
    os.close(1)
    while os.read(0, 4096):
        pass
    os.killpg(leader, signal.SIGKILL)
    os.waitpid(leader, 0)
    _remove(directory)


def _lead() -> None:
    os.setpgid(0, 0)
    os.closerange(0, 3)
    while True:
        signal.pause()


def _remove(directory: Path) -> None:
    """Processes that were just killed may still write for a moment."""
    for _ in range(50):
        shutil.rmtree(directory, ignore_errors=True)
        if not directory.exists():
            return
        time.sleep(0.1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
