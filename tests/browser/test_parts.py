"""The parts that pages are made of, in all their states, on a page that no package has."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import EXPECTED, Theme
from tests.browser.test_access import LOOKS, violations
from umbel.web.security import CONTENT_SECURITY_POLICY

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "ui" / "node_modules" / ".parts"


class _Handler(SimpleHTTPRequestHandler):
    """Files under the policy that Umbel's own pages have."""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        super().end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@pytest.fixture(scope="module")
def parts_url() -> Iterator[str]:
    """Where the page of all parts is."""
    command = [sys.executable, str(ROOT / "hatch_build.py"), "npm", "run", "build:parts"]
    subprocess.run(command, check=True, capture_output=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(BUILT)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/parts.html"
    server.shutdown()
    server.server_close()


def opened(
    browser: Browser, url: str, *, width: int = 1280, theme: Theme = "light", axe: bool = False
) -> tuple[Page, list[str]]:
    """The page, and what it complains of."""
    page = browser.new_page(
        viewport={"width": width, "height": 800}, color_scheme=theme, bypass_csp=axe
    )
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if message.type in ("error", "warning") and not message.text.startswith(EXPECTED)
            else None
        ),
    )
    page.goto(url)
    expect(page.locator(".plot canvas")).to_have_count(3)
    return page, complaints


@pytest.fixture
def parts(browser: Browser, parts_url: str) -> Iterator[Page]:
    page, complaints = opened(browser, parts_url)
    yield page
    page.close()
    assert complaints == []


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_all_parts_fit_and_are_legible(
    browser: Browser,
    parts_url: str,
    axe_source: str,
    tmp_path: Path,
    width: int,
    theme: Theme,
) -> None:
    page, complaints = opened(browser, parts_url, width=width, theme=theme, axe=True)
    # Tall enough for all parts; the table of thousands of rows goes on far below.
    page.set_viewport_size({"width": width, "height": 4_000})
    page.screenshot(path=tmp_path / "parts.png")

    assert violations(page, axe_source) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints == []
    page.close()


def test_a_table_of_thousands_of_rows_is_walked_by_keys(parts: Page) -> None:
    table = parts.get_by_role("table", name="Many queues")
    assert table.locator("tbody tr").count() < 200
    table.locator("tr[data-index='0']").focus()
    parts.keyboard.press("End")

    expect(table.locator("tr[data-index='4999']")).to_be_focused()
    parts.keyboard.press("k")
    expect(table.locator("tr[data-index='4998']")).to_be_focused()
    assert table.locator("tbody tr").count() < 200
    parts.keyboard.press("Home")
    expect(table.locator("tr[data-index='0']")).to_be_focused()


def test_a_table_is_sorted_by_its_heads_and_searched(parts: Page) -> None:
    table = parts.get_by_role("table", name="Many queues")
    head = table.get_by_role("columnheader", name="Queue")
    head.get_by_role("button").click()

    expect(head).to_have_attribute("aria-sort", "ascending")
    expect(table.locator("tr[data-index='2'] th")).to_have_text("queue-2")
    parts.get_by_role("textbox", name="Find a queue").fill("queue-499")
    expect(table.locator("tr[data-index]")).to_have_count(11)
    expect(parts.get_by_text("11 queues")).to_be_visible()


def test_enter_on_a_row_follows_its_link(parts: Page) -> None:
    parts.get_by_role("table", name="A few queues").locator("tr[data-index='0']").press("Enter")

    parts.wait_for_url("**/parts.html?queue=mail")


def test_a_span_of_a_chart_is_chosen_by_keys_and_by_a_brush(parts: Page) -> None:
    chart = parts.get_by_role("figure", name="Tasks by state")
    plot = chart.locator(".plot")
    plot.focus()
    for key in ("Home", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "Enter"):
        parts.keyboard.press(key)

    expect(parts.get_by_text("Span: 12:01:00 to 12:04:00")).to_be_visible()
    box = chart.locator(".u-over").bounding_box()
    assert box is not None
    parts.mouse.move(box["x"] + 1, box["y"] + 40)
    parts.mouse.down()
    parts.mouse.move(box["x"] + box["width"] - 1, box["y"] + 40, steps=5)
    parts.mouse.up()
    expect(parts.get_by_text("Span: 12:00:00 to 13:00:00")).to_be_visible()


def test_a_chart_tells_each_bucket_and_has_its_numbers_as_a_table(parts: Page) -> None:
    chart = parts.get_by_role("figure", name="Tasks by state")
    chart.locator(".plot").press("End")
    expect(chart.get_by_role("status")).to_contain_text("not over yet: Failure")
    chart.get_by_role("button", name="Failure").click()

    expect(chart.get_by_role("status")).not_to_contain_text("Failure")
    chart.get_by_text("As a table").click()
    expect(chart.get_by_role("row")).to_have_count(61)


def test_menus_and_tooltips_open_beside_their_buttons_and_close(parts: Page) -> None:
    button = parts.get_by_role("button", name="Menu")
    button.click()
    panel = parts.get_by_role("group", name="Menu")
    under, over = button.bounding_box(), panel.bounding_box()
    assert under is not None
    assert over is not None
    assert over["y"] >= under["y"] + under["height"] - 1
    panel.get_by_role("button", name="Ping").click()
    expect(panel).not_to_be_visible()
    expect(parts.get_by_text("Chosen: Ping.")).to_be_visible()

    live = parts.get_by_role("button", name="Live")
    parts.get_by_role("button", name="Columns").press("Tab")
    expect(live).to_be_focused()
    expect(parts.get_by_role("tooltip")).to_be_visible()
    live.press("Escape")
    expect(parts.get_by_role("tooltip")).not_to_be_visible()
