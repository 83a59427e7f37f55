"""Chromium, a server on the shop's history, and pages that must leave no complaint behind."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from celery import Celery
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.browser.live_events import Tell
from tests.browser.servers import Server, history_server, shop_workers
from tests.support.services import absent
from tests.support.umbels import Client

Theme = Literal["light", "dark"]
#: Makes a page of a width and theme; `axe` lets the test bring a script of its own.
OpenPage = Callable[..., Page]

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
#: How long a page may take until it shows what is expected of it; a busy machine needs more
#: than the usual five seconds.
PATIENCE_MS = 15_000
#: What the browser logs by itself for answers that the application expects and shows.
EXPECTED = "Failed to load resource"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        absent("Chromium", "no chromium is on the PATH. Install the package chromium.")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on the shop's history (see `tests.browser.history`)."""
    with history_server(tmp_path_factory.mktemp("history")) as running:
        yield running


@pytest.fixture
def server(history: Server) -> Client:
    """The client of the server whose pages `open_page` opens. It is shared, so a test that changes
    something changes tasks of its own; a file that needs another server overrides this."""
    return history.client


@pytest.fixture(scope="session")
def workers(history: Server) -> Iterator[None]:
    """The shop's workers run, for tests that act on them or have them run a task."""
    with shop_workers(history):
        yield


@pytest.fixture
def tell(history: Server) -> Iterator[Tell]:
    """Sends an event of a task to the broker, as a worker does."""
    app = Celery(broker=history.broker, set_as_current=False)
    with app.connection_for_write() as connection:
        worker = app.events.Dispatcher(connection, hostname="odd@shop", enabled=True)
        yield worker.send
        # One that only fell silent would be named as one that may consume any queue.
        worker.send("worker-offline")
        worker.close()
    app.close()


@pytest.fixture
def open_page(browser: Browser, server: Client) -> Iterator[OpenPage]:
    """Opens paths of the server. Afterwards no page may have logged an error or broken the
    content security policy."""
    complaints: list[str] = []
    contexts = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(EXPECTED):
            complaints.append(f"{message.type}: {message.text}")

    def open_at(
        path: str = "",
        *,
        width: int = 1280,
        height: int = 800,
        theme: Theme = "light",
        axe: bool = False,
        zone: str | None = None,
    ) -> Page:
        context = browser.new_context(
            base_url=server.url,
            viewport={"width": width, "height": height},
            color_scheme=theme,
            bypass_csp=axe,
            timezone_id=zone,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", hear)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"/{path}")
        # Before the page is there, nobody hears the keys that a test presses.
        expect(page.get_by_role("heading", level=1).first).to_be_attached()
        return page

    yield open_at
    for context in contexts:
        for page in context.pages:
            page.unroute_all(behavior="ignoreErrors")
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def axe_source() -> str:
    """The script of axe, from the application's own development dependencies."""
    script = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        absent("axe-core", f"{script} is not there. Run `make ui`, which installs it.")
    return script.read_text()


@pytest.fixture(autouse=True, scope="session")
def _no_proxy() -> None:
    """Loopback is asked directly, whatever this machine's environment says."""
    os.environ.setdefault("NO_PROXY", "127.0.0.1,localhost")
