"""Two clusters in one server, as people see them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.support.applications import celery_client, task
from tests.support.brokers import free_port, redis_database
from tests.support.umbels import umbel_command, umbel_environment
from tests.support.waiting import wait_until

FROM_ICON_TO_WORDS = """health => {
    const words = document.createRange()
    words.selectNodeContents(health.querySelector('bdi'))
    const icon = health.querySelector('.mark').getBoundingClientRect()
    return Math.min(...[...words.getClientRects()].map(each => each.left)) - icon.right
}"""
#: A cluster in the switch, with its health behind its name; the header may say "Critical in Mail".
MAIL = re.compile("^Mail")
WEB_SHOP = re.compile("^Web shop")
#: The most between an icon and the words that it is of.
ICON_FROM_WORDS_PX = 16

pytestmark = [pytest.mark.browser, pytest.mark.redis]

SETTINGS = """
data = "{data}"
port = {port}
[auth]
users = ["ana:operator:correct horse", "vera:viewer:correct horse"]
[clusters.shop]
broker = "{shop}"
label = "Web shop"
colour = "red"
[clusters.mail]
broker = "{mail}"
label = "Mail"
[clusters.mail.roles]
ana = "viewer"
"""
AUTH = ("ana", "correct horse")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with one task in each cluster, `shop.order` and `mail.send`."""
    directory = tmp_path_factory.mktemp("two")
    port, file = free_port(), directory / "umbel.toml"
    address = f"http://127.0.0.1:{port}"
    with redis_database() as shop, redis_database() as mail:
        data: Path = directory / "data"
        file.write_text(SETTINGS.format(data=data, port=port, shop=shop, mail=mail))
        arguments = ("serve", "--config", str(file))
        log = directory / "serve.log"
        with umbel_command(*arguments, log=log, environment=umbel_environment()):
            wait_until(lambda: states(address) == ["live"] * 2, timeout_s=90, what="both clusters")
            for broker, name in ((shop, "shop.order"), (mail, "mail.send")):
                with celery_client(broker, "disabled://") as app:
                    app.conf.task_send_sent_event = True
                    task(app, name).apply_async()
            yield address


def states(address: str) -> list[str]:
    try:
        rows = httpx.get(f"{address}/api/v1/clusters", auth=AUTH, timeout=30).json()["items"]
    except httpx.TransportError:
        return []
    return [row["live"]["state"] for row in rows]


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    """A page that may not have complained in the end, but of answers that it expects."""
    context = browser.new_context(base_url=url)
    complaints: list[str] = []
    opened = context.new_page()
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []


def log_in(page: Page, name: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Log in").click()


def test_each_cluster_has_its_tasks_and_its_name_in_the_tab(page: Page) -> None:
    page.goto("/c/shop/tasks")
    expect(page).to_have_title("shop · Log in · Umbel")
    expect(page.get_by_text("Cluster shop")).to_be_visible()

    log_in(page, "ana")
    expect(page).to_have_title("Web shop · Tasks · Umbel")
    expect(page.locator("html")).to_have_attribute("data-cluster", "red")
    expect(page.get_by_role("link", name="shop.order")).to_be_visible()
    expect(page.get_by_text("mail.send")).to_have_count(0)

    page.get_by_role("button", name="Web shop").click()
    page.get_by_role("link", name=MAIL).click()
    expect(page).to_have_title("Mail · Tasks · Umbel")
    expect(page.get_by_role("link", name="mail.send").first).to_be_visible()
    expect(page.get_by_text("shop.order")).to_have_count(0)

    page.get_by_role("link", name="Workers").click()
    expect(page).to_have_title("Mail · Workers · Umbel")


def test_the_list_says_what_is_wrong_with_each_and_the_header_where_else(page: Page) -> None:
    page.goto("/clusters")
    log_in(page, "ana")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="Mail"))
    expect(row).to_contain_text("No worker has been heard yet.")
    expect(row.get_by_text("Not known")).to_be_attached()

    def worse(route: Route) -> None:
        answer = route.fetch()
        found = answer.json()
        found["items"][1]["health"] |= {
            "severity": "critical",
            "sentence": "Nobody consumes mail, where 3 messages wait.",
            "findings": 3,
        }
        route.fulfill(response=answer, json=found)

    page.route("**/api/v1/clusters", worse)
    page.goto("/clusters")
    expect(row).to_contain_text("Nobody consumes mail, where 3 messages wait.")
    expect(row.get_by_role("link", name="2 more")).to_have_attribute("href", re.compile("c/mail/$"))

    usual = page.viewport_size
    assert usual is not None
    page.set_viewport_size({"width": 360, "height": 800})
    apart = row.locator(".health").evaluate(FROM_ICON_TO_WORDS)
    assert 0 <= apart <= ICON_FROM_WORDS_PX
    page.set_viewport_size(usual)

    page.goto("/c/mail/")
    expect(page.get_by_role("button", name="Mail")).to_be_visible()
    expect(page.get_by_role("link", name="Critical in Mail")).to_have_count(0)
    page.goto("/c/shop/")
    page.get_by_role("link", name="Critical in Mail").click()
    expect(page).to_have_title("Clusters · Umbel")
    page.unroute_all(behavior="ignoreErrors")


def test_who_has_no_role_in_a_cluster_is_not_shown_it(page: Page) -> None:
    page.goto("/c/mail/tasks")
    log_in(page, "vera")

    expect(page).to_have_title("Clusters · Umbel")
    expect(page.get_by_role("link", name="Web shop", exact=True)).to_be_visible()
    expect(page.get_by_text("Mail", exact=True)).to_have_count(0)


def test_the_switch_leads_to_the_same_page_or_says_that_there_is_none(page: Page) -> None:
    page.goto("/c/shop/tasks")
    log_in(page, "ana")
    page.get_by_role("link", name="shop.order").click()
    expect(page.get_by_role("heading", name="shop.order")).to_be_visible()
    page.get_by_role("button", name="Web shop").click()
    page.get_by_role("link", name=MAIL).click()

    expect(page).to_have_url(re.compile(r"/c/mail/tasks$"))
    expect(page.get_by_text("Mail has no task")).to_be_visible()
    page.get_by_role("link", name="Queues").click()
    expect(page.get_by_text("Mail has no task")).to_have_count(0)
    page.get_by_role("button", name="Mail").click()
    page.get_by_role("link", name=WEB_SHOP).click()
    expect(page).to_have_url(re.compile(r"/c/shop/queues$"))


def test_an_address_that_leads_nowhere_says_so(page: Page) -> None:
    page.goto("/nosuch")
    log_in(page, "ana")
    expect(page.get_by_text("There is no page “nosuch”")).to_be_visible()

    page.goto("/shop/queues")
    page.get_by_role("main").get_by_role("link", name="Web shop").click()
    expect(page).to_have_url(re.compile(r"/c/shop/queues$"))
    page.goto("/workers")
    expect(page.get_by_role("heading", name="Of which cluster?")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Mail").click()
    expect(page).to_have_title("Mail · Workers · Umbel")
    page.goto("/c/pear/tasks")
    expect(page.get_by_text("There is no cluster pear that you may look at.")).to_be_visible()


def test_the_tabs_of_a_phone_show_the_current_one(page: Page) -> None:
    page.goto("/c/shop/audit")
    log_in(page, "ana")
    page.set_viewport_size({"width": 390, "height": 800})
    pages = page.get_by_role("navigation", name="Pages")

    expect(pages.get_by_role("link", name="Audit")).to_be_in_viewport(ratio=1)
    page.goto("/c/shop/workers")
    expect(pages.get_by_role("link", name="Workers")).to_be_in_viewport(ratio=1)


def test_all_clusters_are_searched_together(page: Page) -> None:
    page.goto("/tasks")
    log_in(page, "ana")
    expect(page).to_have_title("Tasks · Umbel")
    rows = page.get_by_role("table", name="Tasks of all clusters").locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="shop.order")).to_contain_text("Web shop")
    clusters = page.get_by_role("group", name="Clusters")
    expect(clusters.get_by_role("button", name="Mail")).to_contain_text("1")

    clusters.get_by_role("button", name="Mail").click()
    expect(page).to_have_url(re.compile(r"/tasks\?q=cluster%3Amail$"))
    expect(rows).to_have_count(1)
    expect(page.get_by_text("mail.send")).to_be_visible()
    page.go_back()
    expect(rows).to_have_count(2)

    search = page.get_by_role("combobox", name="Search tasks")
    search.fill("clustr:mail")
    search.press("Enter")
    page.get_by_role("button", name="Use cluster").click()
    expect(rows).to_have_count(1)
    page.get_by_role("link", name="mail.send").click()
    expect(page).to_have_url(re.compile(r"/c/mail/tasks/[0-9a-f-]+$"))

    page.goto("/tasks?q=cluster:mial")
    expect(page.get_by_text("No cluster here is called mial: there are ")).to_be_visible()


def test_clusters_without_workers_say_why_they_are_not_compared(page: Page) -> None:
    page.goto("/clusters")
    log_in(page, "ana")
    page.get_by_role("link", name="Compare", exact=True).click()

    expect(page.get_by_role("heading", name="Compare clusters")).to_be_visible()
    expect(page.get_by_text("There are no two clusters to compare")).to_be_visible()
    expect(page.get_by_text("Mail was not compared: No worker of it is online")).to_be_visible()
    page.get_by_role("link", name="Clusters").first.click()
    expect(page.get_by_role("heading", name="Clusters", exact=True)).to_be_visible()


def test_before_a_cluster_is_chosen_the_palette_offers_no_page_of_one(page: Page) -> None:
    page.goto("/clusters")
    log_in(page, "ana")
    expect(page.get_by_role("link", name="Web shop", exact=True)).to_be_visible()
    page.keyboard.press("Control+k")
    offered = page.get_by_role("listbox", name="Places and commands").get_by_role("option")
    expect(offered.filter(has_text="Go to the cluster Mail")).to_be_visible()
    for kind in ("Tasks", "Errors", "Workers", "Run a task", "Search", "Open task"):
        expect(offered.filter(has_text=kind)).to_have_count(0)
    page.keyboard.insert_text("shop.order")
    expect(page.get_by_text("Nothing here is called so.")).to_be_visible()

    page.get_by_role("combobox").fill("mail")
    page.keyboard.press("Enter")
    expect(page).to_have_title("Mail · Overview · Umbel")
