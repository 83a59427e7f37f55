"""`python -m flower.serving`: `umbel serve` with Flower's defaults, for `flower.app.Flower`.

It ends when its standard input does: then the process that began it is gone, however it ended.
"""

from __future__ import annotations

import os
import signal
import sys
import threading


def _end_with_the_parent() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    from umbel.cli.options import BegunByFlower
    from umbel.cli.start import serve_begun

    threading.Thread(target=_end_with_the_parent, name="parent", daemon=True).start()
    sys.exit(serve_begun(sys.argv[1:], BegunByFlower()))
