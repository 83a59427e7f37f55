"""The Task page, and the way to it and back."""

from __future__ import annotations

import re

from playwright.sync_api import Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.history import DECLINED, ORDERS, task_id
from tests.browser.live_events import Tell, begin, succeed, until_state
from tests.browser.test_access import violations
from tests.browser.test_tasks import shown
from tests.support.umbels import Client

#: What a task's header says once the task has ended.
ENDED = re.compile(r"^(Succeeded|Failed) on ")
#: The request for a page of the list.
LIST = re.compile(r"/api/v1/tasks\?")
DECLINED_CHARGE = task_id("charge")


def test_from_a_search_to_a_failed_task_and_back_to_the_same_rows(open_page: OpenPage) -> None:
    page = open_page("tasks?q=state:FAILURE name:*charge*")
    row = page.locator("[data-row]").first
    expect(row).to_be_visible()
    before = shown(page)
    row.get_by_role("link").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("shop.orders.charge")
    expect(page.get_by_role("heading", name="Error", exact=True)).to_be_visible()
    traceback = page.get_by_role("group", name="Traceback")
    expect(traceback).to_contain_text("_ask_bank")
    expect(traceback.get_by_text("frames of celery").last).to_be_visible()
    expect(traceback).to_contain_text(re.compile(r"CardDeclined|GatewayTimeout"))

    page.go_back()
    expect(page.get_by_role("combobox", name="Search tasks")).to_have_value(
        "state:FAILURE name:*charge*"
    )
    expect(page.locator("[data-row]").first).to_be_visible()
    assert shown(page)[: len(before)] == before


def test_back_finds_the_page_scrolled_as_it_was(open_page: OpenPage) -> None:
    page = open_page("tasks")
    expect(page.locator("[data-row]").nth(40)).to_be_attached()
    list_ = page.get_by_label("Tasks found")
    list_.evaluate("list => list.scrollTo(0, 700)")
    row = page.locator("[data-row]").nth(26)
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()

    page.get_by_role("link", name="Tasks", exact=True).last.click()
    expect(page.locator("[data-row]").first).to_be_attached()
    page.wait_for_function(
        "Math.abs(document.querySelector('[aria-label=\"Tasks found\"]').scrollTop - 700) < 2"
    )


def test_tells_what_happened_and_with_what(open_page: OpenPage) -> None:
    page = open_page(f"tasks/{DECLINED_CHARGE}")

    expect(page.get_by_text(DECLINED_CHARGE, exact=True).first).to_be_visible()
    happened = page.get_by_role("region", name="What happened")
    expect(happened).to_contain_text("Sent to queue orders")
    expect(happened).to_contain_text("waited")
    expect(happened).to_contain_text("then failed")
    arguments = page.get_by_role("region", name="Arguments")
    expect(arguments).to_contain_text("order_id")
    expect(page.get_by_role("complementary", name="Details")).to_contain_text(ORDERS)


def test_the_workflow_marks_this_task_and_links_the_others(open_page: OpenPage) -> None:
    page = open_page(f"tasks/{DECLINED_CHARGE}")
    workflow = page.get_by_role("region", name="Workflow")

    expect(workflow.locator("[aria-current]")).to_have_text("shop.orders.charge")
    workflow.get_by_role("link", name="shop.orders.place").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("shop.orders.place")
    expect(page).to_have_url(re.compile(task_id("place")))


def test_tasks_with_the_same_error_are_one_click_away(open_page: OpenPage) -> None:
    page = open_page(f"tasks/{DECLINED_CHARGE}")
    page.get_by_role("link", name="Same error").click()

    search = page.get_by_role("combobox", name="Search tasks")
    expect(search).to_have_value(re.compile(r"^error:[0-9a-f]{12}\s*$"))
    expect(page.locator("[data-row]")).to_have_count(DECLINED)
    expect(page.locator(f"[data-row='{DECLINED_CHARGE}']")).to_be_attached()


def test_r_plans_a_retry_and_e_opens_the_page_of_the_error(open_page: OpenPage) -> None:
    page = open_page(f"tasks/{DECLINED_CHARGE}")
    expect(page.get_by_role("button", name="Retry")).to_be_visible()
    page.keyboard.press("r")
    dialog = page.get_by_role("dialog", name="Retry")
    expect(dialog.get_by_text("shop.orders.charge").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("e")

    expect(page).to_have_url(re.compile(r"/errors/[0-9a-f]{12}$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("CardDeclined")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("shop.orders.charge")


def test_r_says_why_a_task_that_runs_is_not_retried(
    open_page: OpenPage, server: Client, tell: Tell
) -> None:
    page = open_page(f"tasks/{running_report(server, tell)}")
    expect(page.get_by_role("button", name="Terminate")).to_be_visible()
    page.keyboard.press("r")

    expect(page.get_by_text("Retry: it has not ended; sending it again would")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_what_one_most_likely_does_comes_first_on_a_phone(open_page: OpenPage) -> None:
    page = open_page(f"tasks/{DECLINED_CHARGE}", width=360)
    actions = page.get_by_role("group", name="Actions").locator("button:visible")

    expect(actions.first).to_have_text("Retry")
    expect(actions.last).to_have_accessible_name("Other actions")


def test_an_unknown_id_says_what_may_be(open_page: OpenPage) -> None:
    page = open_page("tasks/00000000-0000-4000-8000-000000000000")

    expect(page.get_by_text("No task with this id is known")).to_be_visible()
    expect(page.get_by_text("was trimmed")).to_be_visible()


def test_a_running_task_is_followed_to_its_end(
    open_page: OpenPage, server: Client, tell: Tell
) -> None:
    report = running_report(server, tell)
    page = open_page("tasks")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"tasks/{report}")
    expect(page.get_by_role("heading", level=1)).to_have_text("shop.reports.sales")
    succeed(tell, report)

    expect(page.get_by_text(ENDED)).to_be_visible()
    assert not [url for url in asked if LIST.search(url)]


def test_the_log_of_a_running_task_comes_live_until_one_scrolls_up(
    open_page: OpenPage, server: Client, tell: Tell, axe_source: str
) -> None:
    report = running_report(server, tell)
    page = open_page(f"tasks/{report}", axe=True)
    expect(page.get_by_text(re.compile("^(Workers send no log|No log lines)"))).to_be_visible()
    log(tell, report, 1, *(f"line {number}" for number in range(1, 81)))
    region = page.get_by_role("region", name="Lines of the log")
    region.scroll_into_view_if_needed()

    expect(region.get_by_text("line 80", exact=True)).to_be_in_viewport()
    region.hover()
    page.mouse.wheel(0, -5_000)
    expect(region.get_by_text("line 1", exact=True)).to_be_in_viewport()
    log(tell, report, 84, "<img src=x onerror=alert(1)>\N{RIGHT-TO-LEFT OVERRIDE}", level=40)
    expect(region.get_by_text("3 lines not here")).to_be_attached()
    expect(region.get_by_text("line 1", exact=True)).to_be_in_viewport()
    expect(page.get_by_text("3 lines missing")).to_be_visible()

    page.get_by_label("Lines from this level on").select_option("error")
    expect(region.get_by_role("listitem")).to_have_count(1)
    expect(region.get_by_role("listitem")).to_contain_text(r"<img src=x onerror=alert(1)>\u202e")
    assert violations(page, axe_source) == []


def log(tell: Tell, task: str, first: int, *texts: str, level: int = 20) -> None:
    """Its worker tells these lines of its log, from the number `first` on."""
    lines = [[1.8e9 + at, level, "shop", text] for at, text in enumerate(texts)]
    tell(
        "log-lines",
        uuid=task,
        retries=0,
        log_lines=[1.8e9, first, first + len(texts) - 1, 0, lines],
    )


def test_a_task_is_followed_though_the_list_that_was_left_still_loaded(
    open_page: OpenPage, server: Client, tell: Tell
) -> None:
    report = running_report(server, tell)
    page = open_page("workers")
    held: list[Route] = []
    page.route(LIST, lambda route: held.append(route))
    with page.expect_request(LIST):
        page.keyboard.press("g")
        page.keyboard.press("t")
    page.get_by_role("button", name="Go to").click()
    page.keyboard.insert_text(report)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("shop.reports.sales")
    for each in held:
        each.continue_()
    succeed(tell, report)

    expect(page.get_by_text(ENDED)).to_be_visible()


def running_report(server: Client, tell: Tell) -> str:
    """The id of a report that is being made."""
    return until_state(server, begin(tell, "shop.reports.sales"), "STARTED")
