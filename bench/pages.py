"""What a browser makes of the pages: how long until they are drawn, what changing rows cost it, and
whether a tab that stays open grows.

Needs Chromium on the PATH and Playwright (`pip install -e .[test]`, or what the tests use).
"""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from celery import Celery
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from bench.client import Client
from bench.copied_days import copied
from bench.latency import incoming, milliseconds
from bench.report import Table, Verdict, quantile
from bench.subject_umbel import Umbel

WORKERS: Final = 200
#: Bounds of the promises.
FIRST_S: Final = 1.0
LATER_S: Final = 0.300
SCRIPT_BYTES: Final = 150_000
PATCH_S: Final = 0.016
HOUR_BYTES: Final = 20_000_000
RATE: Final = 2_000.0
ROWS: Final = 200
CHANGED: Final = 100
#: Long enough for a change to be stored, told of, fetched and drawn.
_SETTLED_S: Final = 3.0
_ARGUMENTS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
#: Each page's address, its heading, and what is there once it is drawn.
PAGES: Final = {
    "overview": ("", "Overview", "canvas"),
    "tasks": ("tasks", "Tasks", "tbody tr"),
    "names": ("names", "Names", "tbody tr"),
    "errors": ("errors", "Errors", "tbody tr"),
}
_SCRIPT_BYTES: Final = """() => performance.getEntriesByType('resource')
    .filter(each => new URL(each.name).pathname.endsWith('.js'))
    .reduce((sum, each) => sum + each.encodedBodySize, 0)"""


class View(NamedTuple):
    """Seconds until a page is drawn, in a new browser and by a step back from another page, and the
    bytes of script of the former."""

    page: str
    first_s: list[float]
    later_s: list[float]
    script_bytes: int


class Pages(NamedTuple):
    """`patch_s` is script of a hundred of two hundred rows that change; the heaps are bytes after
    garbage was collected, by seconds since the first."""

    views: list[View]
    patch_s: list[float]
    heaps: dict[str, list[tuple[float, float]]]


@contextmanager
def _chromium() -> Iterator[Browser]:
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        raise SystemExit("No chromium is on the PATH. Install the package chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(_ARGUMENTS))
        yield browser
        browser.close()


def measured(broker: str, folder: Path, tasks: int, *, turns: int, minutes: float) -> Pages:
    """Everything, on one server: with a history for the pages, an empty one for the rows."""
    with _chromium() as browser:
        data = copied(tasks, WORKERS, 1)
        umbel = Umbel(broker, folder, data=data, keep=True, options=("--cluster-moved",))
        try:
            umbel.settle()
            views = [_view(browser, umbel, page, turns) for page in PAGES]
        finally:
            umbel.stop()
        umbel = Umbel(broker, folder)
        try:
            patch_s = [_patch(browser, umbel, broker) for _ in range(turns)]
            with incoming(broker, RATE):
                heaps = {
                    page: _grown(browser, umbel, page, minutes) for page in ("overview", "tasks")
                }
        finally:
            umbel.stop()
    return Pages(views, patch_s, heaps)


def _opened(browser: Browser, umbel: Umbel, height: int = 800) -> Page:
    page = browser.new_context(viewport={"width": 1_440, "height": height}).new_page()
    page.set_default_timeout(60_000)
    page.goto(f"http://127.0.0.1:{umbel.port}/livez")
    return page


def _view(browser: Browser, umbel: Umbel, name: str, turns: int) -> View:
    path, title, drawn = PAGES[name]
    newest = int(Client(umbel.port).get("/api/v1/status").json()["store"]["newest"])
    # A day that is over, so that what was filled yesterday is drawn like what was filled now.
    span = "" if name == "tasks" else f"?from={newest - 86_400}&to={newest}"
    first, later, size = [], [], 0
    for _ in range(turns):
        page = _opened(browser, umbel)
        begun = time.perf_counter()
        page.goto(f"http://127.0.0.1:{umbel.port}/{path}{span}", wait_until="commit")
        page.locator(drawn).first.wait_for()
        first.append(time.perf_counter() - begun)
        size = page.evaluate(_SCRIPT_BYTES)
        page.get_by_role("banner").get_by_role("link", name="Queues", exact=True).click()
        page.get_by_role("heading", name="Queues").first.wait_for()
        begun = time.perf_counter()
        page.go_back(wait_until="commit")
        page.get_by_role("heading", name=title).first.wait_for()
        page.locator(drawn).first.wait_for()
        later.append(time.perf_counter() - begun)
        page.context.close()
    print(f"  {name}: {milliseconds(min(first))}, {milliseconds(min(later))}", flush=True)
    return View(name, first, later, size)


def _patch(browser: Browser, umbel: Umbel, broker: str) -> float:
    """Seconds of script while a hundred of two hundred visible rows change at once, less what an
    open page does in the same time where nothing changes."""
    app = Celery(broker=broker, set_as_current=False)
    with app.connection_for_write() as connection:
        dispatcher = app.events.Dispatcher(connection, hostname="bench@rows", enabled=True)
        ids = [str(uuid.uuid4()) for _ in range(ROWS)]
        for task in ids:
            dispatcher.send("task-received", uuid=task, name="bench.row", args="()", kwargs="{}")
        page = _opened(browser, umbel, height=ROWS * 40)
        page.goto(f"http://127.0.0.1:{umbel.port}/tasks?q=state%3ARECEIVED%2CSUCCESS")
        page.locator(f"tbody tr >> nth={CHANGED}").wait_for()
        session = page.context.new_cdp_session(page)
        # Of the thread's own time, which others at work on the machine do not lengthen.
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        time.sleep(_SETTLED_S)
        still_s = _script_s(session)
        time.sleep(_SETTLED_S)
        before_s = _script_s(session)
        for task in ids[-CHANGED:]:
            dispatcher.send("task-succeeded", uuid=task, result="'done'", runtime=0.25)
        time.sleep(_SETTLED_S)
        took_s = _script_s(session) - before_s
        page.context.close()
        dispatcher.close()
    app.close()
    return max(0.0, took_s - (before_s - still_s))


def _metrics(session: CDPSession) -> dict[str, float]:
    return {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}


def _script_s(session: CDPSession) -> float:
    return _metrics(session)["ScriptDuration"]


def _grown(browser: Browser, umbel: Umbel, name: str, minutes: float) -> list[tuple[float, float]]:
    page = _opened(browser, umbel)
    page.goto(f"http://127.0.0.1:{umbel.port}/{PAGES[name][0]}")
    page.locator(PAGES[name][2]).first.wait_for()
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    found: list[tuple[float, float]] = []
    begun = time.monotonic()
    while (passed := time.monotonic() - begun) < minutes * 60:
        session.send("HeapProfiler.collectGarbage")
        found.append((passed, _metrics(session)["JSHeapUsedSize"]))
        time.sleep(10.0)
    page.context.close()
    print(
        f"  heap of {name}: {json.dumps([round(size / 1e6, 2) for _, size in found])}", flush=True
    )
    return found


def hour_bytes(heap: list[tuple[float, float]]) -> float:
    """How much a heap grows in an hour, by the line through its second half (least squares)."""
    half = heap[len(heap) // 2 :]
    mean_s = sum(at for at, _ in half) / len(half)
    mean = sum(size for _, size in half) / len(half)
    spread = sum((at - mean_s) ** 2 for at, _ in half)
    slope = sum((at - mean_s) * (size - mean) for at, size in half) / spread if spread else 0.0
    return slope * 3_600


def table(found: Pages) -> Table:
    rows = [
        (
            view.page,
            f"{view.script_bytes / 1000:.0f} kB",
            milliseconds(quantile(view.first_s, 0.5)),
            milliseconds(quantile(view.later_s, 0.5)),
        )
        for view in found.views
    ]
    patches = ", ".join(milliseconds(each) for each in sorted(found.patch_s))
    heaps = "; ".join(
        f"{page}: {heap[0][1] / 1e6:.1f} MB at first, {heap[-1][1] / 1e6:.1f} MB after "
        f"{heap[-1][0]:.0f} s"
        for page, heap in found.heaps.items()
    )
    notes = (
        "From the address, or the step back, to the first rows or chart drawn; the median.",
        f"Script of {CHANGED} of {ROWS} rows that end at once: {patches}.",
        f"Heaps at {RATE:,.0f} events/s, after garbage was collected: {heaps}.",
    )
    head = ("", "script, first view", "first view", "later view")
    return Table("Chromium, without a window", head, tuple(rows), notes)


def verdicts(found: Pages) -> tuple[Verdict, ...]:
    largest = max(view.script_bytes for view in found.views)
    first, later = (
        max(min(seconds) for seconds in each)
        for each in ([v.first_s for v in found.views], [v.later_s for v in found.views])
    )
    patch = min(found.patch_s)
    grown = max(hour_bytes(heap) for heap in found.heaps.values())
    return (
        Verdict(
            "script of a first view",
            "under 150 kB",
            f"{largest / 1000:.0f} kB",
            largest < SCRIPT_BYTES,
        ),
        Verdict(
            "first view of a page (the best of each)",
            "under 1 s",
            milliseconds(first),
            first < FIRST_S,
        ),
        Verdict(
            "later view of a page (the best of each)",
            "under 300 ms",
            milliseconds(later),
            later < LATER_S,
        ),
        Verdict(
            f"script of {CHANGED} of {ROWS} visible rows that change",
            "under 16 ms",
            milliseconds(patch),
            patch < PATCH_S,
        ),
        Verdict(
            f"growth of a tab open for an hour at {RATE:,.0f} events/s",
            f"under {HOUR_BYTES / 1e6:.0f} MB",
            f"{grown / 1e6:.1f} MB, extrapolated",
            grown < HOUR_BYTES,
        ),
    )
