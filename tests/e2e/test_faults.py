"""The page under attack and under faults: hostile names, files that are missing or never come."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.archives import zipped
from tests.e2e.conftest import OpenDraw, send_as_a_form
from tests.e2e.handwriting import EUROPEAN, line
from tests.photoshop import layer, written_by_ag_psd
from tests.pictures import encode, seven

SEVEN = EUROPEAN[7]
WEIGHTS = re.compile(r"/robust-\w+\.bin")
CLASSIC_WEIGHTS = re.compile(r"/classic-\w+\.bin")
WASM_BINARY = re.compile(r"\.wasm$")
WASM_SCRIPT = re.compile(r"/dist/planned-\w+\.js")
PATIENCE = "00:31"
"""A little more than an engine may take to start, in the page's own time."""

HOSTILE = [
    "<script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    "<svg onload=window.hacked=1>",
    '"><iframe srcdoc="<script>parent.hacked=1<\\script>">',
    "javascript:window.hacked=1",
    "</script><script>window.hacked=1</script>",
    "<!--<script>",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "'-window.hacked-'",
    "<style>*{background:url(http://evil.example)}</style>",
    "=HYPERLINK(1)",
    "\u202egnp.7",
    "a\r\nSet-Cookie: b=c",
]


@pytest.fixture
def watched(browser: Browser) -> Iterator[Page]:
    """A page where any dialog, script of a stranger, violation of the policy or foreign request is noted."""
    context = browser.new_context(locale="en", accept_downloads=True)
    noted: list[str] = []
    context.on("request", lambda request: noted.append(request.url) if "evil" in request.url else None)
    context.on("dialog", lambda dialog: (noted.append(dialog.message), dialog.dismiss()))
    context.expose_function("note", lambda text: noted.append(text))
    context.add_init_script(
        "addEventListener('securitypolicyviolation', ({ blockedURI, violatedDirective }) =>"
        " note(`${violatedDirective}: ${blockedURI}`))"
    )
    page = context.new_page()
    page.on("pageerror", lambda error: noted.append(str(error)))
    yield page
    for each in context.pages:
        assert each.evaluate("window.hacked") is None
        assert each.locator("main iframe, main style, img[src=x], svg[onload]").count() == 0
    context.close()
    assert noted == []


def hostile_files() -> dict[str, bytes]:
    """Good and bad files under hostile names, and the same names in a ZIP and on layers."""
    png = encode(seven())
    files = {f"{name}/7_{k}.png": png for k, name in enumerate(HOSTILE)}
    return {
        **{name: content for name, content in files.items() if "\r" not in name},
        **{f"bad {name}": b"no picture" for name in HOSTILE if "\r" not in name},
        "all.zip": zipped({**files, **dict.fromkeys(HOSTILE, b"no picture")}),
        "layers.psd": written_by_ag_psd(*[layer(name) for name in HOSTILE], layer("hidden <b>", hidden=True)),
    }


UPLOAD = """(files) => {
    const transfer = new DataTransfer();
    for (const [name, content] of files) {
        transfer.items.add(new File([Uint8Array.from(atob(content), (byte) => byte.charCodeAt(0))], name));
    }
    return transfer;
}"""


def test_hostile_names_are_shown_as_text_and_do_nothing(watched: Page, live_server: str, tmp_path: Path) -> None:
    files = [(name, base64.b64encode(content).decode()) for name, content in hostile_files().items()]
    watched.goto(f"{live_server}/compare")
    transfer = watched.evaluate_handle(UPLOAD, files)
    watched.dispatch_event("#drop", "drop", {"dataTransfer": transfer})
    expect(watched.locator("#status")).to_contain_text("Done. Not read: ", timeout=90_000)
    for name in HOSTILE[:3]:
        assert name in watched.locator("#skipped-list").inner_text()
        expect(watched.locator("#gallery").get_by_text(name).first).to_be_visible()
    # The report that is taken home shows the same names where no server protects.
    with watched.expect_download() as download:
        watched.locator("[data-format=html]").click()
    report = tmp_path / "digits.html"
    download.value.save_as(report)
    taken = watched.context.new_page()
    taken.goto(report.as_uri())
    expect(taken.get_by_text(HOSTILE[1]).first).to_be_visible()


def test_a_plain_form_shows_hostile_names_as_text_too(watched: Page, live_server: str) -> None:
    watched.goto(f"{live_server}/compare")
    files = [
        {"name": "<script>window.hacked=1</script>.png", "mimeType": "image/png", "buffer": encode(seven())},
        {"name": "</script><img src=x onerror=window.hacked=1>", "mimeType": "image/png", "buffer": b"x"},
    ]
    send_as_a_form(watched, files)
    expect(watched.get_by_text("window.hacked=1").first).to_be_visible()


# Faults of the network


def answering(pattern: re.Pattern[str], status: int) -> Callable[[BrowserContext], None]:
    """Have the server answer with an error."""
    return lambda context: context.route(pattern, lambda route: route.fulfill(status=status, body="gone"))


def stalling(*patterns: re.Pattern[str]) -> Callable[[BrowserContext], None]:
    """Have a download begin and never end, and the page's clock in hand."""

    def prepare(context: BrowserContext) -> None:
        context.clock.install()
        for pattern in patterns:
            context.route(pattern, lambda route: None)

    return prepare


@pytest.mark.parametrize("status", [404, 500, 503])
def test_weights_that_are_not_there_leave_the_reading_to_the_server(open_draw: OpenDraw, status: int) -> None:
    page = open_draw(prepare=answering(WEIGHTS, status), errors_allowed=True)
    page.expect_engine("server")
    expect(page.status).to_have_text("The browser can't run the network; the server answers instead.")
    page.draw(SEVEN)
    page.expect_digit(7)


@pytest.mark.parametrize(("locale", "word"), [("en", "not loaded"), ("ru", "не загружена")])
def test_classic_alone_not_there_is_said_in_a_word_and_robust_reads_on(
    open_draw: OpenDraw, locale: str, word: str
) -> None:
    page = open_draw(prepare=answering(CLASSIC_WEIGHTS, 404), errors_allowed=True, locale=locale)
    page.draw(SEVEN)
    page.expect_digit(7)
    verdict = page.page.locator("#verdict-classic")
    expect(verdict).to_have_text(word)
    page.page.context.unroute(CLASSIC_WEIGHTS)
    page.page.locator("#clear").click()
    page.draw(SEVEN)
    page.expect_digit(7)
    expect(verdict).to_have_text("7")


def test_a_network_that_is_not_there_is_asked_for_again_when_it_is_chosen(open_draw: OpenDraw) -> None:
    page = open_draw(prepare=answering(CLASSIC_WEIGHTS, 404), errors_allowed=True)
    page.draw(SEVEN)
    verdict = page.page.locator("#verdict-classic")
    expect(verdict).to_have_text("not loaded")
    page.page.context.unroute(CLASSIC_WEIGHTS)
    page.page.locator("#model-classic").check()
    page.expect_digit(7)
    expect(verdict).to_have_text("7")


def test_what_a_network_read_before_it_broke_is_no_answer_to_a_drawing_that_has_changed(open_draw: OpenDraw) -> None:
    page = open_draw(errors_allowed=True)
    page.draw(SEVEN)
    verdict = page.page.locator("#verdict-classic")
    expect(verdict).to_have_text("7")
    page.page.locator("#model-classic").check()
    answering(CLASSIC_WEIGHTS, 404)(page.page.context)
    page.page.workers[0].evaluate("() => { setTimeout(() => { throw new Error('broken') }) }")
    page.draw([line((40, 250), (60, 250))])
    expect(verdict).to_have_text("not loaded")
    expect(page.answer).to_have_text("One moment…")
    assert page.probabilities() == [0] * 10


def test_a_worker_that_never_comes_is_given_up_and_another_is_started(open_draw: OpenDraw) -> None:
    page = open_draw(prepare=lambda context: context.clock.install(), errors_allowed=True)
    page.page.context.route(WASM_SCRIPT, lambda route: None)
    verdict = page.page.locator("#verdict-classic")
    with page.page.expect_request(WASM_SCRIPT):
        page.draw(SEVEN)
    page.page.clock.fast_forward(PATIENCE)
    expect(verdict).to_have_text("not loaded")
    page.page.context.unroute(WASM_SCRIPT)
    page.button("clear").click()
    page.draw(SEVEN)
    expect(verdict).to_have_text("7")


def test_strokes_while_classic_comes_do_not_ask_for_it_again(open_draw: OpenDraw) -> None:
    held: list[Route] = []
    page = open_draw(prepare=lambda context: context.route(CLASSIC_WEIGHTS, lambda route: held.append(route)))
    for _ in range(3):
        page.draw(SEVEN)
        page.expect_digit(7)
        page.page.wait_for_timeout(500)
    [download] = held
    download.continue_()
    expect(page.page.locator("#verdict-classic")).to_have_text(re.compile(r"\d"))


def test_a_binary_that_is_not_there_leaves_the_reading_to_plain_javascript(open_draw: OpenDraw) -> None:
    page = open_draw(prepare=answering(WASM_BINARY, 404), errors_allowed=True)
    page.expect_engine("cpu")
    page.draw(SEVEN)
    page.expect_digit(7)


def test_a_binary_that_is_another_file_leaves_the_reading_to_plain_javascript(open_draw: OpenDraw) -> None:
    def swap(route: Route) -> None:
        route.fulfill(body=b"\0asm\1\0\0\0" + bytes(100), content_type="application/wasm")

    page = open_draw(prepare=lambda context: context.route(WASM_BINARY, swap), errors_allowed=True)
    page.expect_engine("cpu")
    page.draw(SEVEN)
    page.expect_digit(7)


def test_weights_that_never_come_do_not_hold_the_page(open_draw: OpenDraw) -> None:
    page = open_draw(prepare=stalling(WEIGHTS), errors_allowed=True, ready=False)
    expect(page.status).to_have_text("The network is loading. You can draw already.")
    page.draw(SEVEN)
    for _ in range(2):  # wasm, then plain JavaScript
        page.page.wait_for_timeout(1500)
        page.page.clock.fast_forward(PATIENCE)
    page.expect_engine("server")
    page.expect_digit(7)


def test_an_engine_that_is_given_up_leaves_no_worker_behind(open_draw: OpenDraw) -> None:
    page = open_draw("?engine=cpu", prepare=stalling(WEIGHTS), errors_allowed=True, ready=False)
    if not page.page.workers:
        page.page.wait_for_event("worker")
    [worker] = page.page.workers
    with worker.expect_event("close"):
        page.page.clock.fast_forward(PATIENCE)
    expect(page.status).to_contain_text("“cpu” does not work here")


def test_a_busy_server_is_asked_again_when_it_says(watched: Page, live_server: str) -> None:
    refusals: list[int] = []

    def refuse_once(route: Route) -> None:
        if refusals:
            return route.continue_()
        refusals.append(503)
        problem = {"type": "about:blank", "title": "Busy", "status": 503, "detail": "Wait."}
        return route.fulfill(status=503, headers={"Retry-After": "1"}, body=json.dumps(problem))

    watched.context.route(re.compile("/api/compare"), refuse_once)
    watched.goto(f"{live_server}/compare")
    watched.locator("#files").set_input_files([{"name": "7.png", "mimeType": "image/png", "buffer": encode(seven())}])
    expect(watched.locator("#status")).to_have_text("All files are read.")
    expect(watched.locator("#headline")).to_contain_text("Read 1 of 1")
    assert refusals == [503]


def test_the_wait_for_a_busy_server_is_said_and_can_be_stopped(watched: Page, live_server: str) -> None:
    busy = {"status": 503, "headers": {"Retry-After": "60"}, "body": "{}"}
    watched.context.route(re.compile("/api/compare"), lambda route: route.fulfill(**busy))
    watched.goto(f"{live_server}/compare")
    watched.locator("#files").set_input_files([{"name": "7.png", "mimeType": "image/png", "buffer": encode(seven())}])
    expect(watched.locator("#status")).to_have_text("The server is busy. Going on in 60 s…")
    watched.get_by_role("button", name="Stop").click()
    expect(watched.locator("#status")).to_contain_text("Stopped.")
    expect(watched.locator("#stop")).to_be_hidden()
