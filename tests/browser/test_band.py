"""The band that says what is wrong: workers whose events are off, a broker and a server gone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.conftest import OpenPage
from tests.support.brokers import ValkeyBroker
from tests.support.sources import celery_app, dispatcher
from tests.support.umbels import umbel_serve
from tests.support.waiting import wait_until

SLOW_MS = 30_000
#: Of the band at any width: one line, or two of small text.
SLIM_PX = 60


def test_the_band_says_what_is_wrong_and_what_to_do(
    browser: Browser, valkey: ValkeyBroker, tmp_path: Path
) -> None:
    page = browser.new_page()
    with (
        umbel_serve(valkey.url, tmp_path / "umbel") as umbel,
        dispatcher(celery_app(valkey.url)) as sender,
    ):
        page.goto(umbel.client.url + "/workers")
        band = page.get_by_role("status", name="What is wrong")
        counted = 0

        def is_told() -> bool:
            nonlocal counted
            counted += 1
            sender.send("worker-heartbeat", freq=2.0, active=0, processed=counted)
            return bool(umbel.client.live()["state"] == "partial")

        wait_until(is_told, timeout_s=30)
        expect(band).to_contain_text("w1@test runs tasks and tells of none", timeout=SLOW_MS)
        band.get_by_role("button", name="Enable events").click()
        expect(page.get_by_role("dialog")).to_contain_text("Enable events")
        page.keyboard.press("Escape")

        valkey.stop()
        expect(band).to_contain_text("does not answer", timeout=SLOW_MS)
        expect(page.get_by_text(re.compile(r"Unknown\s+since"))).to_be_visible(timeout=SLOW_MS)
        expect(page.get_by_text("Silent", exact=True)).to_have_count(0)

        umbel.process.end()
        expect(band).to_contain_text("Umbel does not answer.", timeout=SLOW_MS)
        page.get_by_role("link", name="Tasks", exact=True).click()
        expect(band).to_contain_text("Umbel does not answer.")
    page.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_several_notices_are_one_line_with_their_number(open_page: OpenPage, width: int) -> None:
    page = open_page("workers", width=width)
    band = page.get_by_role("status", name="What is wrong")
    expect(page.get_by_role("heading", name="Workers")).to_be_visible()
    page.route("**/api/v1/status", _with_troubles)
    # No stream tells otherwise, neither the page's own nor that of all windows.
    page.add_init_script(
        "delete window.SharedWorker;window.EventSource = class extends EventTarget { close() {} };"
    )
    page.reload()

    expect(band.get_by_text("The disk is nearly full.")).to_be_visible()
    expect(band.get_by_text("Events may be missing.")).to_be_hidden()
    box = band.bounding_box()
    assert box is not None
    assert box["height"] <= SLIM_PX
    more = band.get_by_role("button", name="2 more")
    expect(more).to_be_visible()
    more.click()
    expect(band.get_by_text("Events may be missing.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    band.get_by_role("button", name="This alone").click()
    expect(band.get_by_text("Events may be missing.")).to_be_hidden()


def _with_troubles(route: Route) -> None:
    answer = route.fetch()
    status = answer.json()
    trouble = {"remedy": "", "since": 1.0, "count": None, "workers": [], "action": None}
    status["live"]["troubles"] = [
        trouble | {"kind": kind, "severity": severity, "sentence": sentence}
        for kind, severity, sentence in (
            ("gap", "notice", "Events may be missing."),
            ("events_off", "warning", "w1@h tells of no task."),
            ("disk", "error", "The disk is nearly full."),
        )
    ]
    route.fulfill(response=answer, json=status)
