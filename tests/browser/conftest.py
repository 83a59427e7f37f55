"""Chromium, the demo, and pages that must leave no complaint behind."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from celery import Celery
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.support.brokers import free_port
from tests.support.services import absent
from tests.support.umbels import Client, umbel_command, umbel_environment
from tests.support.waiting import wait_until

Theme = Literal["light", "dark"]
#: Makes a page of a width and theme; `axe` lets the test bring a script of its own.
OpenPage = Callable[..., Page]
#: Tells an event of a task: its type, and its fields.
Tell = Callable[..., None]

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
#: How long the demo may take until it has a failed task with its traceback, seconds.
DEMO_READY_S = 110.0
#: What the browser logs by itself for answers that the application expects and shows.
EXPECTED = "Failed to load resource"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        absent("Chromium", "no chromium is on the PATH. Install the package chromium.")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A running `umbel demo` that has something to show."""
    port = free_port()
    log = tmp_path_factory.mktemp("demo") / "demo.log"
    environment = umbel_environment(UMBEL_PORT=str(port))
    client = Client(f"http://127.0.0.1:{port}")
    with umbel_command("demo", log=log, environment=environment) as process, client.http:

        def is_ready() -> bool:
            process.must_run()
            return client.is_up("/livez") and bool(failed_task(client))

        wait_until(is_ready, timeout_s=DEMO_READY_S, what="a failed task in the demo")
        yield client


def failed_task(demo: Client) -> dict[str, Any] | None:
    """The newest failed task of the demo that has frames of its own to show, and that an order
    of the shop sent, not a test that repeated it."""
    try:
        page = demo.get("tasks", q="state:FAILURE has:traceback name:*charge*", limit=50)
    except httpx.HTTPStatusError:
        return None
    items: list[dict[str, Any]] = page["items"]
    return next((item for item in items if item["root_id"] != item["uuid"]), None)


@pytest.fixture
def tell(demo: Client) -> Iterator[Tell]:
    """Sends an event of a task to the demo's broker, as a worker does."""
    wait_until(lambda: demo.get("status")["collectors"], timeout_s=30, what="the collector")
    app = Celery(broker=demo.get("status")["collectors"][0]["broker_url"])
    with app.connection_for_write() as connection:
        worker = app.events.Dispatcher(connection, hostname="odd@shop", enabled=True)
        yield worker.send
        worker.close()
    app.close()


@pytest.fixture
def open_page(browser: Browser, demo: Client) -> Iterator[OpenPage]:
    """Opens paths of the demo. Afterwards no page may have logged an error or broken the
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
            base_url=demo.url,
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
        return page

    yield open_at
    for context in contexts:
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
