"""Overview, names and errors of a cluster whose names and errors are odd: very many, very long,
written from right to left, or HTML."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.history import Call, History, task_id
from tests.browser.test_foreign_texts import ACTING
from tests.support.brokers import redis_database
from tests.support.umbels import Client, umbel_serve
from umbel.cluster.decode import decode_all
from umbel.store.sqlite import SqliteStore

NAMES, ERRORS = 1_997, 1_000
LONG = "shop." + "very_long_name_of_a_task." * 13
LONG = LONG[:299] + "z"
WORDS = "the order could not be written because the stock is gone "
SENTENCE = WORDS * 6
HEBREW, ARABIC = "חנות.הזמנות.שלח", "لم يتم العثور على الطلب"
MARKUP = "<img src=x onerror=document.body.dataset.hit=1><b>bold</b>"
WIDTHS = [
    1440,
    pytest.param(1024, marks=pytest.mark.thorough),
    pytest.param(768, marks=pytest.mark.thorough),
    360,
]
#: Narrower, an error could not be read.
TITLE_PX = 160


def odd(history: History) -> None:
    for number in range(NAMES):
        name = f"shop.part{number % 40}.task_{number:04}"
        Call(history, name, task_id("odd", number), 1_800 - number / 2).succeeded(None, 0.05)
    kinds = [f"{a}{b}{c}Error" for a in "ABCDEFGHIJ" for b in "abcdefghij" for c in "klmnopqrst"]
    for number, kind in enumerate(kinds[:ERRORS]):
        call = Call(history, "shop.part1.task_0001", task_id("kind", number), 1_400 - number)
        fails(call, f"{kind}('gone')")
    for number in range(5):
        fails(Call(history, LONG, task_id("long", number), 60 + number), f"OddError({SENTENCE!r})")
        fails(Call(history, HEBREW, task_id("rtl", number), 50 + number), f"LookupFailed({ARABIC})")
        call = Call(history, f"shop.{MARKUP}", task_id("html", number), 40 + number)
        call.worker = f"{MARKUP}@shop"
        call.fields["args"] = f"({MARKUP!r},)"
        fails(call, f"MarkupError({MARKUP!r})", MARKUP)


def fails(call: Call, exception: str, traceback: str | None = None) -> None:
    call.started().then("task-failed", 0.5, exception=exception, traceback=traceback)


@pytest.fixture(scope="module")
def odd_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    directory = tmp_path_factory.mktemp("odd") / "data"
    history = History(time.time())
    odd(history)
    events = sorted(history.events, key=lambda event: float(event["timestamp"]))
    bodies = (json.dumps({**event, "clock": clock}) for clock, event in enumerate(events, start=1))
    store = SqliteStore(directory, write=True)
    store.apply(decode_all((body.encode() for body in bodies), history.now).events)
    store.close()
    with redis_database() as broker, umbel_serve(broker, directory) as umbel:
        yield umbel.client


@pytest.fixture
def server(odd_cluster: Client) -> Client:
    return odd_cluster


WIDER = """[...document.querySelectorAll('.sheet')]
    .filter(sheet => sheet.scrollWidth > sheet.clientWidth).length"""


def is_whole(page: Page, width: int) -> bool:
    """Whether nothing is wider than the window, no table wider than its room, nothing of a cluster
    became a part of the page, and nothing turns what is beside it."""
    return bool(
        page.evaluate("document.documentElement.scrollWidth") <= width
        and page.evaluate(WIDER) == 0
        and page.evaluate("document.querySelectorAll('img[src=\"x\"]').length") == 0
        and page.evaluate("document.body.dataset.hit") is None
        and page.evaluate(ACTING) == []
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_of_two_thousand_names_the_list_has_the_first_and_finds_each(
    open_page: OpenPage, width: int
) -> None:
    page = open_page("names", width=width)
    expect(page.get_by_text("2,000 names, 200 shown", exact=True)).to_be_visible()
    expect(page.get_by_role("rowheader")).to_have_count(200)
    assert is_whole(page, width)

    page.get_by_label("Find a name").fill("task_1234")
    expect(page.get_by_role("link", name="shop.part34.task_1234")).to_be_visible()
    page.get_by_label("Find a name").fill("very_long")
    expect(page.get_by_role("link", name=LONG)).to_be_visible()
    assert is_whole(page, width)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", [LONG, HEBREW, f"shop.{MARKUP}"])
def test_an_odd_name_has_a_page_like_any_other(open_page: OpenPage, name: str, width: int) -> None:
    page = open_page("names", width=width)
    page.get_by_label("Find a name").fill(name[:40])
    page.get_by_role("link", name=name).click()

    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.get_by_role("heading", name="Where they ran")).to_be_visible()
    assert is_whole(page, width)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    ("kind", "message"),
    [("OddError", WORDS), ("LookupFailed", ARABIC), ("MarkupError", "<img src=x")],
)
def test_an_odd_error_is_listed_and_opened_like_any_other(
    open_page: OpenPage, kind: str, message: str, width: int
) -> None:
    page = open_page("errors", width=width)
    expect(
        page.get_by_text("The 200 most frequent errors are listed, and there are more")
    ).to_be_visible()
    row = page.get_by_role("row").filter(has_text=kind)
    expect(row).to_contain_text(message.strip())
    title = row.get_by_role("rowheader").bounding_box()
    assert title is not None
    assert title["width"] > TITLE_PX
    assert is_whole(page, width)
    row.get_by_role("link", name=kind).click()

    expect(page.get_by_role("heading", level=1)).to_have_text(kind)
    expect(page.get_by_role("heading", name="What do they share?")).to_be_visible()
    assert is_whole(page, width)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_overview_holds_what_is_odd(open_page: OpenPage, width: int) -> None:
    page = open_page("", width=width)
    expect(page.get_by_role("region", name="New and rising errors")).to_contain_text("Error")
    expect(page.get_by_text(LONG).first).to_be_attached()

    assert is_whole(page, width)
