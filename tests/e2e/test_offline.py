"""Without a network from the second visit on, and from one release to the next as a whole."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from server.settings import ROOT
from tests.e2e.draw_page import DrawPage
from tests.e2e.handwriting import EUROPEAN
from tests.live import LiveServer, until

SEVEN = EUROPEAN[7]
DIST = ROOT / "static/dist"
MANIFEST = "manifest.json"
DELAY_CHOICES = """() => {
    const { fetch } = self;
    self.fetch = async (...asked) => {
        const request = new Request(...asked);
        if (request.url.includes('lang=')) await new Promise((resolve) => setTimeout(resolve, 1000));
        return fetch(request);
    };
}"""
"""Let the server hear of a language later than of whatever else is asked for."""


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en")
    yield context
    context.close()


def visit(page: Page, url: str) -> DrawPage:
    """Open the page and wait until it can read."""
    page.goto(url)
    page.wait_for_selector("html[data-ready=true]")
    return DrawPage(page)


def wait_until_kept(page: Page, releases: int = 1) -> None:
    """Wait until so many releases are kept and the newest one is in use."""
    kept = """async () => {
        const { active, installing, waiting } = await navigator.serviceWorker.ready;
        const kept = (await caches.keys()).filter((name) => name.startsWith('release-'));
        return active.state === 'activated' && !installing && !waiting ? kept.length : 0;
    }"""
    # Not `wait_for_function`: that takes the promise of an asynchronous function for a yes.
    until(lambda: page.evaluate(kept) == releases)


def first_visit(context: BrowserContext, url: str) -> Page:
    """A page of a browser that has kept the release since."""
    page = context.new_page()
    visit(page, url)
    wait_until_kept(page)
    return page


def another_release(folder: Path) -> Path:
    """A build that differs in its main script and in what it loads later, under new names as the build gives them."""
    shutil.copytree(DIST, folder)
    manifest: dict[str, str] = json.loads((folder / MANIFEST).read_text())
    for name, line in (
        ("draw.js", "document.documentElement.dataset.release = 'second';"),
        ("style.css", "h1 { --release: second }"),
    ):
        old = folder / manifest[name]
        manifest[name] = name.replace(".", "-SECOND00.")
        (folder / manifest[name]).write_text(f"{old.read_text()}\n{line}\n")
        old.unlink()
    (folder / MANIFEST).write_text(json.dumps(manifest))
    return folder


def test_the_second_visit_needs_no_network_at_all(
    context: BrowserContext, start_server: Callable[..., LiveServer]
) -> None:
    server = start_server()
    first_visit(context, server.url)
    server.stop()

    draw = visit(context.new_page(), server.url)
    draw.expect_engine("wasm")
    draw.draw(SEVEN)
    draw.expect_digit(7)
    expect(draw.page.locator("#verdict-classic")).to_have_text("7")
    assert draw.saved().suggested_filename.startswith("digit-7")

    draw.page.get_by_role("link", name="Inside").click()
    expect(draw.page).to_have_title("Inside · Digit Lab")
    draw.expect_engine("wasm")
    draw.expect_digit(7)

    draw.page.get_by_role("link", name="Compare").click()
    expect(draw.page.get_by_role("heading")).to_have_text("No connection")
    draw.page.get_by_role("main").get_by_role("link", name="Draw").click()
    draw.expect_digit(7)


def test_the_language_may_be_changed_without_a_network_and_stays(
    context: BrowserContext, start_server: Callable[..., LiveServer]
) -> None:
    server = start_server()
    page = first_visit(context, server.url)
    server.stop()

    visit(page, server.url)
    page.get_by_role("link", name="RU").click()
    expect(page).to_have_title("Рисовать · Digit Lab")
    assert page.url == f"{server.url}/"
    page.get_by_role("link", name="Внутри").click()
    expect(page).to_have_title("Внутри · Digit Lab")
    visit(page, server.url)
    expect(page.locator("html")).to_have_attribute("lang", "ru")


def test_a_language_that_was_chosen_before_is_kept_and_the_server_knows_of_a_later_choice(
    context: BrowserContext, start_server: Callable[..., LiveServer]
) -> None:
    server = start_server()
    page = first_visit(context, f"{server.url}/?lang=ru")
    visit(page, server.url)
    expect(page.locator("html")).to_have_attribute("lang", "ru")

    with page.expect_event("response", lambda response: "lang=en" in response.url):
        page.get_by_role("link", name="EN").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.wait_for_function("() => document.cookie.includes('lang=en')")


def test_a_language_that_is_chosen_where_the_server_is_needed_holds_everywhere(
    context: BrowserContext, start_server: Callable[..., LiveServer]
) -> None:
    server = start_server()
    page = first_visit(context, server.url)
    page.goto(f"{server.url}/compare")
    page.get_by_role("link", name="RU").click()
    expect(page).to_have_title("Сравнить · Digit Lab")
    page.get_by_role("navigation").get_by_role("link", name="Рисовать").click()
    expect(page).to_have_title("Рисовать · Digit Lab")


def test_a_language_is_chosen_beside_the_other_wishes_of_an_address(
    context: BrowserContext, start_server: Callable[..., LiveServer]
) -> None:
    server = start_server()
    page = first_visit(context, server.url)
    visit(page, f"{server.url}/inside?model=classic")
    [worker] = context.service_workers
    worker.evaluate(DELAY_CHOICES)
    page.get_by_role("link", name="RU").click()
    expect(page).to_have_title("Внутри · Digit Lab")
    assert page.url == f"{server.url}/inside?model=classic"
    expect(page.locator("#model-classic")).to_be_checked()
    visit(page, server.url)
    expect(page.locator("html")).to_have_attribute("lang", "ru")


def test_where_the_disk_is_full_files_and_pages_come_all_the_same(
    context: BrowserContext, start_server: Callable[..., LiveServer]
) -> None:
    server = start_server()
    page = first_visit(context, server.url)
    [worker] = context.service_workers
    worker.evaluate("() => { Cache.prototype.put = () => Promise.reject(new Error('full')) }")
    draw = visit(page, f"{server.url}/?engine=cpu")  # whose script is not kept in advance
    draw.draw(SEVEN)
    draw.expect_digit(7)
    page.get_by_role("link", name="RU").click()
    expect(page).to_have_title("Рисовать · Digit Lab")
    page.goto(server.url)
    page.get_by_role("link", name="EN").click()
    expect(page).to_have_title("Draw · Digit Lab")


def test_a_new_release_takes_over_as_a_whole(
    context: BrowserContext, start_server: Callable[..., LiveServer], tmp_path: Path
) -> None:
    old = start_server()
    page = first_visit(context, old.url)
    old.stop()
    start_server(PORT=str(old.port), DIGITS_DIST=str(another_release(tmp_path / "second")))

    draw = visit(page, old.url)
    assert page.locator("html").get_attribute("data-release") is None, "the old release, at once"
    wait_until_kept(page, releases=2)
    draw.draw(SEVEN)
    draw.expect_digit(7)
    assert draw.saved().suggested_filename.startswith("digit-7"), "an open page goes on with its own files"

    draw = visit(page, old.url)
    expect(page.locator("html")).to_have_attribute("data-release", "second")
    assert page.locator("h1").evaluate("(h1) => getComputedStyle(h1).getPropertyValue('--release')") == "second"
    draw.expect_digit(7)


def test_a_release_that_cannot_be_fetched_as_a_whole_changes_nothing(
    context: BrowserContext, start_server: Callable[..., LiveServer], tmp_path: Path
) -> None:
    old = start_server()
    page = first_visit(context, old.url)
    old.stop()
    broken = another_release(tmp_path / "broken")
    (broken / "draw-SECOND00.js").unlink()  # a file that the old release has not brought
    new = start_server(PORT=str(old.port), DIGITS_DIST=str(broken))

    visit(page, old.url)
    page.evaluate("navigator.serviceWorker.ready.then((registration) => registration.update()).catch(() => {})")
    wait_until_kept(page)
    new.stop()
    draw = visit(page, old.url)
    assert page.locator("html").get_attribute("data-release") is None
    draw.draw(SEVEN)
    draw.expect_digit(7)
