"""A real Chromium, and pages that are watched: no error on the console, no request to a foreign host."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from server.settings import ROOT
from tests import browser as installed
from tests.e2e.draw_page import DrawPage
from tests.e2e.inside_page import InsidePage, listen

ARGUMENTS = [
    "--no-sandbox",  # tests often run as root, in containers
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
]

PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 800}

OpenDraw = Callable[..., DrawPage]
OpenInside = Callable[..., InsidePage]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The Chromium that all tests share; each page gets a context of its own."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=installed.find(), args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def manifest() -> dict[str, str]:
    """Logical to hashed names of the built files."""
    loaded: dict[str, str] = json.loads((ROOT / "static/dist/manifest.json").read_text())
    return loaded


@pytest.fixture
def open_draw(browser: Browser, live_server: str) -> Iterator[OpenDraw]:
    """Open the Draw page: `open_draw("?engine=cpu", locale="ru")` waits until it can read.

    `prepare` gets the context before the page loads; `errors_allowed=True` is for tests that break something on
    purpose; `ready=False` does not wait.
    """
    contexts: list[BrowserContext] = []
    errors: list[str] = []
    foreign: list[str] = []

    def open_(
        query: str = "",
        *,
        prepare: Callable[[BrowserContext], None] = lambda context: None,
        errors_allowed: bool = False,
        ready: bool = True,
        **options: Any,
    ) -> DrawPage:
        context = browser.new_context(**{"viewport": DESKTOP, "locale": "en", **options})
        contexts.append(context)
        without_service_worker(context)
        prepare(context)
        page = context.new_page()
        if not errors_allowed:
            watch_errors(page, errors)

        def watch_host(request: Request) -> None:
            if not request.url.startswith((live_server, "data:", "blob:")):
                foreign.append(request.url)

        context.on("request", watch_host)
        page.goto(f"{live_server}/{query}")
        draw_page = DrawPage(page)
        if ready:
            page.wait_for_selector("html[data-ready=true]")
        return draw_page

    yield open_
    for context in contexts:
        context.close()
    assert errors == []
    assert foreign == []


@pytest.fixture
def open_inside(open_draw: OpenDraw) -> OpenInside:
    """As `open_draw`, for the page Inside."""

    def open_(
        query: str = "", *, prepare: Callable[[BrowserContext], None] = lambda context: None, **options: Any
    ) -> InsidePage:
        def prepare_all(context: BrowserContext) -> None:
            listen(context)
            prepare(context)

        return InsidePage(open_draw(f"inside{query}", prepare=prepare_all, **options).page)

    return open_


def without_service_worker(context: BrowserContext) -> None:
    """Let every request reach the server, or the test that stands in for it; test_offline.py has it otherwise."""
    context.add_init_script("delete Navigator.prototype.serviceWorker")


def send_as_a_form(page: Page, files: Any) -> None:
    """Have files compared as a plain form does it: the answer is a page."""
    page.evaluate(
        """() => document.body.insertAdjacentHTML('beforeend', `<form id="plain" action="/api/compare" method="post"
            enctype="multipart/form-data"><input type="file" name="files" multiple></form>`)"""
    )
    page.locator("#plain input").set_input_files(files)
    with page.expect_navigation():
        page.evaluate("document.getElementById('plain').submit()")


def watch_errors(page: Page, errors: list[str]) -> None:
    """Collect what the page complains about."""

    def console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            errors.append(message.text)

    page.on("console", console)
    page.on("pageerror", lambda error: errors.append(str(error)))
