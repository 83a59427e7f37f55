"""`Flower(capp=app).start()`: `umbel serve` for this application, until `stop`."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Any, Final

from flower.events import Events
from flower.inspector import Inspector
from flower.options import DEFAULT_CONFIG_FILE, Options, default_options
from flower.unserved import NotServed, unserved

#: How long the server has to end by itself, seconds.
_END_S: Final = 15.0


class Flower:
    """A server of Umbel in a process of its own, with Flower's options and defaults.

    The application must be that of a module (`proj.celery:app`), or be known by its broker's
    address alone. `kwargs` are settings of Tornado, of which Umbel needs none; `handlers` among
    them are refused.
    """

    def __init__(
        self,
        options: Any = None,
        capp: Any = None,
        events: Any = None,
        io_loop: Any = None,
        **kwargs: Any,
    ) -> None:
        if kwargs.get("handlers"):
            raise NotServed(
                "Addresses of one's own are not added to Umbel.",
                remedy="Serve them from a program of their own, by umbel.aio.",
            )
        if capp is None:
            import celery

            capp = celery.Celery()
        self.options: Options = options or default_options
        self.capp = capp
        self.io_loop = io_loop
        self.events = events or Events(capp, io_loop, enable_events=self.options.enable_events)
        self.inspector = Inspector(io_loop, capp, self.options.inspect_timeout / 1000)
        self.started = False
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Serve until `stop`, or until the process is asked to end."""
        arguments, environment = self._command()
        with self._lock:
            self._process = process = subprocess.Popen(
                arguments, env=environment, stdin=subprocess.PIPE
            )
            self.started = True
        try:
            process.wait()
        finally:
            self.stop()

    def stop(self) -> None:
        """End it. May be called from any thread, and twice."""
        with self._lock:
            process, self._process = self._process, None
            self.started = False
        if process is None:
            return
        with process:  # closes what it reads from and waits
            process.terminate()
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()

    @property
    def workers(self) -> dict[str, dict[str, Any]]:
        """What workers answered, by name."""
        return self.inspector.workers

    def update_workers(self, workername: str | None = None) -> Any:
        """See `Inspector.inspect`."""
        return self.inspector.inspect(workername)

    @property
    def transport(self) -> str | None:
        """The kind of broker, such as `redis`."""
        with self.capp.connection_for_read() as connection:
            return getattr(connection.transport, "driver_type", None)

    def _command(self) -> tuple[list[str], dict[str, str]]:
        """What runs the server. Options go by the environment, since everybody can read the
        arguments of a process."""
        environment = dict(os.environ)
        for name, value in self.options.given().items():
            if value is None or (name == "conf" and value == DEFAULT_CONFIG_FILE):
                continue
            if name == "format_task":
                raise NotServed(
                    "format_task is a function, which Umbel does not run.",
                    remedy="Hide arguments by [redact] in umbel.toml (docs/flower.md).",
                )
            text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
            environment[f"FLOWER_{name.upper()}"] = text
        command = [sys.executable, "-m", "flower.serving", *self._application(environment)]
        return command, environment

    def _application(self, environment: dict[str, str]) -> list[str]:
        from umbel.plugin import name_in_modules

        name = name_in_modules(self.capp)
        if name is not None:
            return ["--app", name]
        conf = self.capp.conf
        if conf.broker_transport_options or conf.broker_use_ssl:
            raise NotServed(
                "An application that no module has cannot be given to another process with the "
                "options of its transport.",
                remedy="Put it into a module and import it from there, or run "
                "celery -A module flower.",
            )
        environment["UMBEL_BROKER"] = str(conf.broker_read_url or conf.broker_url)
        if conf.result_backend:
            environment["UMBEL_RESULT_BACKEND"] = str(conf.result_backend)
        return []


__getattr__ = unserved(
    __name__, {"rewrite_handler": "Umbel serves Flower's addresses below url_prefix itself."}
)
