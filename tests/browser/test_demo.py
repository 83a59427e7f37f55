"""The demo itself, as who tries Umbel for the first time meets it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.support.brokers import free_port
from tests.support.umbels import Client, umbel_command, umbel_environment
from tests.support.waiting import wait_until


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Client]:
    """A running `umbel demo`."""
    client = Client(f"http://127.0.0.1:{free_port()}")
    environment = umbel_environment(UMBEL_PORT=client.url.rpartition(":")[2])
    with umbel_command("demo", log=tmp_path / "demo.log", environment=environment) as demo:

        def is_up() -> bool:
            demo.must_run()
            return client.is_up("/livez")

        with client.http:
            wait_until(is_up, timeout_s=60, what="the demo")
            yield client


@pytest.mark.timeout(240)
def test_a_shop_comes_to_life_on_an_open_page(open_page: OpenPage) -> None:
    page = open_page("tasks")
    expect(page.get_by_role("button", name="Live", exact=True)).to_be_visible(timeout=30_000)
    expect(page.locator("[data-row]").first).to_be_visible(timeout=60_000)
    new = page.get_by_role("button", name=re.compile(r"\d+ new tasks?$"))
    expect(new).to_be_visible(timeout=60_000)
    new.click()
    page.locator("[data-row]").first.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"^shop\."))

    page.goto("/workers")
    for name in ("orders@", "media@"):
        expect(page.get_by_role("row").filter(has_text=name)).to_contain_text("Online")
