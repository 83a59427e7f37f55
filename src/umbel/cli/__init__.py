"""The command `umbel`."""

import contextlib
import os
import sys
import threading
import time
from typing import Final

from umbel.cli import codes

#: How a server starts its collector (`umbel.app`); people do not type it.
SUPERVISED: Final = ["collect", "--supervised"]
#: How long threads that do not end hold up the end of the process, seconds.
LEAVE_S: Final = 5.0


def main() -> None:
    """`umbel ...`: run one command and leave the process with its exit code."""
    arguments = sys.argv[1:]
    try:
        # Imported here, so that Ctrl-C meanwhile leaves no traceback.
        if arguments == SUPERVISED:
            from umbel.cli.supervised import collect

            code = collect()
        else:
            from umbel.cli.start import run

            code = run(arguments)
    except KeyboardInterrupt:
        code = codes.INTERRUPTED
    _end_threads(code)
    sys.exit(code)


def _end_threads(code: int) -> None:
    """Python waits without end for threads that are no daemons: one that an application's module
    started, or one that reads from a disk that hangs. All that is ours is closed by now."""
    until = time.monotonic() + LEAVE_S
    others = [each for each in threading.enumerate() if each is not threading.main_thread()]
    waited_for = [each for each in others if not each.daemon]
    for thread in waited_for:
        thread.join(max(0.0, until - time.monotonic()))
    if not any(thread.is_alive() for thread in waited_for):
        return
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)
