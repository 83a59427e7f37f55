"""The band that says what is wrong: workers whose events are off, a broker and a server gone."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.support.brokers import ValkeyBroker
from tests.support.sources import celery_app, dispatcher
from tests.support.umbels import umbel_serve
from tests.support.waiting import wait_until

SLOW_MS = 30_000


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
