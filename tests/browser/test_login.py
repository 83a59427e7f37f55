"""What people see of the login."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.brokers import free_port, redis_database
from tests.support.umbels import Client, umbel_command, umbel_environment
from tests.support.waiting import wait_until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an Umbel with a login, under a prefix."""
    directory = tmp_path_factory.mktemp("closed")
    port = free_port()
    with redis_database() as broker:
        environment = umbel_environment(
            UMBEL_BROKER=broker,
            UMBEL_DATA=str(directory / "data"),
            UMBEL_PORT=str(port),
            UMBEL_URL_PREFIX="/tools",
            UMBEL_LABEL="Production",
            UMBEL_COLOUR="red",
            UMBEL_BASIC_AUTH="ana:correct horse,bea:battery staple",
        )
        client = Client(f"http://127.0.0.1:{port}")
        log = directory / "serve.log"
        with umbel_command("serve", log=log, environment=environment), client.http:
            wait_until(lambda: client.is_up("/livez"), timeout_s=60, what="the server")
            yield f"http://127.0.0.1:{port}/tools/"


@pytest.fixture
def page(browser: Browser, closed: str) -> Iterator[Page]:
    """A page that may not have complained in the end, but of the 401 that is expected."""
    context = browser.new_context(base_url=closed, bypass_csp=False)
    complaints: list[str] = []
    opened = context.new_page()
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if message.type == "error" and "Failed to load resource" not in message.text
            else None
        ),
    )
    yield opened
    context.close()
    assert complaints == []


def log_in(page: Page, password: str, name: str = "ana") -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_who_comes_by_a_link_lands_there_after_the_login(page: Page, closed: str) -> None:
    page.goto(f"{closed}workers")
    expect(page).to_have_title("Production · Log in · Umbel")
    expect(page.get_by_text("Cluster Production")).to_be_visible()

    log_in(page, "correct horse")

    expect(page).to_have_url(f"{closed}workers")
    expect(page).to_have_title("Production · Workers · Umbel")
    expect(page.get_by_role("banner").get_by_text("Cluster Production")).to_be_visible()
    icon = page.locator("link[rel=icon]").get_attribute("href")
    assert icon == f"{closed}assets/favicon-red.svg"
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_wrong_password_is_told_and_can_be_typed_again(page: Page, closed: str) -> None:
    page.goto(closed)

    log_in(page, "wrong")
    expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    expect(page.get_by_label("Password")).to_be_focused()
    expect(page.get_by_label("Name")).to_have_value("ana")
    page.get_by_label("Password").fill("correct horse")
    page.keyboard.press("Enter")

    expect(page).to_have_url(closed)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_login_can_be_used_by_everybody(
    browser: Browser, closed: str, axe_source: str, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": 320, "height": 640},
        color_scheme="dark" if scheme == "dark" else "light",
        bypass_csp=True,
    )
    page = context.new_page()
    page.goto(closed)
    expect(page.get_by_label("Name")).to_be_focused()

    page.evaluate(axe_source)
    found = page.evaluate("axe.run().then(({ violations }) => violations.map(v => v.id))")
    too_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    context.close()

    assert found == []
    assert not too_wide


def test_nothing_of_the_application_is_loaded_before_the_login(page: Page, closed: str) -> None:
    paths: list[str] = []
    page.on("request", lambda request: paths.append(urlsplit(request.url).path))
    page.goto(f"{closed}login")
    expect(page.get_by_label("Password")).to_be_visible()
    page.wait_for_load_state("networkidle")

    scripts = [path.rsplit("/", 1)[-1].split("-")[0] for path in paths if path.endswith(".js")]
    assert sorted(scripts) == ["base", "login"]
    assert [path for path in paths if "/api/" in path] == []


def test_a_link_to_another_site_does_not_lead_there(page: Page, closed: str) -> None:
    page.goto(f"{closed}login?next=https%3A%2F%2Fevil.example%2F")

    log_in(page, "correct horse")

    expect(page).to_have_url(re.compile(f"^{re.escape(closed)}(?!login)"))


def test_a_tab_that_waits_at_the_login_goes_on_when_another_one_logged_in(
    page: Page, closed: str
) -> None:
    page.goto(f"{closed}workers")
    other = page.context.new_page()
    other.goto(f"{closed}queues")
    expect(other.get_by_role("heading", name="Log in to Umbel")).to_be_visible()
    log_in(page, "correct horse")
    expect(page).to_have_url(f"{closed}workers")

    other.evaluate("window.dispatchEvent(new Event('focus'))")

    expect(other).to_have_url(f"{closed}queues")
    expect(other.get_by_role("heading", name="Queues", level=1)).to_be_visible()


def test_a_page_that_another_tab_logged_somebody_else_in_behind_does_nothing_and_says_so(
    page: Page, closed: str
) -> None:
    page.goto(f"{closed}tokens")
    log_in(page, "correct horse")
    banner = page.get_by_role("banner")
    expect(banner.get_by_role("button", name="ana, admin")).to_be_visible()
    page.get_by_role("button", name="Make a token").click()
    other = page.context.new_page()
    other.goto(f"{closed}login")
    log_in(other, "battery staple", "bea")
    expect(other.get_by_role("button", name="bea, admin")).to_be_visible()

    page.get_by_role("button", name="Make the token").click()

    told = page.get_by_text("This page was opened by ana, and by now bea is logged in")
    expect(told).to_be_visible()
    page.reload()
    expect(banner.get_by_role("button", name="bea, admin")).to_be_visible()
