"""What people meet: languages, light and dark, screens of all sizes, keyboards and screen readers."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests import browser as installed
from tests.e2e.axe import violations
from tests.e2e.conftest import ARGUMENTS, DESKTOP, PHONE, OpenDraw
from tests.e2e.draw_page import DrawPage
from tests.e2e.handwriting import EUROPEAN

SEVEN = EUROPEAN[7]


@pytest.mark.parametrize(("locale", "words"), [("en-GB", "Nothing drawn yet"), ("ru-RU", "Пока ничего не нарисовано")])
def test_the_browsers_language_decides(open_draw: OpenDraw, locale: str, words: str) -> None:
    page = open_draw(locale=locale)
    expect(page.root).to_have_attribute("lang", locale[:2])
    expect(page.answer).to_have_text(words)


def test_the_switch_overrides_and_is_remembered(open_draw: OpenDraw) -> None:
    page = open_draw("?engine=cpu", locale="ru")
    page.page.get_by_role("link", name="EN").click()
    expect(page.root).to_have_attribute("lang", "en")
    page.expect_engine("cpu")
    page.page.reload()
    expect(page.root).to_have_attribute("lang", "en")
    expect(page.page.get_by_role("link", name="EN")).to_have_attribute("aria-current", "true")


def test_numbers_follow_the_language(open_draw: OpenDraw) -> None:
    for locale, form in (("en", r"^\d+\.\d%$"), ("ru", r"^\d+,\d\s%$")):
        page = open_draw(locale=locale)
        page.draw(SEVEN)
        page.expect_digit(7)
        expect(page.page.locator("[data-digit='7'] .bar-value")).to_have_text(re.compile(form))


def test_no_english_is_left_in_russian(open_draw: OpenDraw) -> None:
    page = open_draw(locale="ru")
    page.draw(SEVEN)
    text = page.page.locator("body").inner_text() + str(page.page.locator("#strings").text_content())
    allowed = {"Digit", "Lab", "EN", "RU", "Ctrl", "Z", "S", "Del", "WebAssembly", "engine"}
    keys = set(re.findall(r'"([a-z.-]+)":', text))
    placeholders = {"first", "second", "percent", "format"}
    words = set(re.findall(r"[A-Za-z]{2,}|\b[A-Z]\b", re.sub(r'"[a-z.-]+":|\\u\w{4}', " ", text)))
    assert keys
    assert words - allowed - placeholders == set()


def test_every_part_of_the_contract_is_there(open_draw: OpenDraw) -> None:
    page = open_draw()
    for selector in ("#pad", "#undo", "#redo", "#clear", "#answer", "#save"):
        expect(page.page.locator(selector)).to_be_visible()
    meters = page.page.locator("[role=meter]")
    expect(meters).to_have_count(10)
    for digit in range(10):
        meter = page.page.locator(f"[role=meter][data-digit='{digit}']")
        expect(meter).to_have_attribute("aria-valuenow", "0")
        expect(meter).to_have_attribute("aria-valuemax", "100")
    expect(page.root).to_have_attribute("data-engine", "wasm")
    expect(page.root).to_have_attribute("data-ready", "true")


def test_dark_mode_turns_ink_and_paper(open_draw: OpenDraw) -> None:
    def lightness(page: DrawPage) -> tuple[float, float]:
        return tuple(
            page.page.evaluate(
                """() => {
                    const light = (color) => Math.max(...color.match(/\\d+/g).slice(0, 3)) / 255;
                    const pad = document.getElementById('pad');
                    const paper = pad.parentElement;
                    return [light(getComputedStyle(pad).color), light(getComputedStyle(paper).backgroundColor)];
                }"""
            )
        )

    ink, paper = lightness(open_draw())
    assert ink < 0.2 < 0.9 < paper
    page = open_draw(color_scheme="dark")
    ink, paper = lightness(page)
    assert paper < 0.2 < 0.9 < ink
    page.draw(SEVEN)
    page.expect_digit(7)


@pytest.mark.parametrize("locale", ["en", "ru"])
def test_a_phone_shows_everything_without_scrolling(open_draw: OpenDraw, locale: str) -> None:
    page = open_draw(viewport=PHONE, locale=locale, has_touch=True, is_mobile=True)
    page.touch(SEVEN)
    page.expect_digit(7)
    for selector in ("#pad", "#answer", "#bars", "#sight", "#models", "#brush", "#clear", "#status"):
        box = page.page.locator(selector).bounding_box()
        assert box, selector
        assert box["x"] >= 0, selector
        assert box["x"] + box["width"] <= PHONE["width"], selector
        assert box["y"] + box["height"] <= PHONE["height"], selector
    assert page.page.evaluate("document.documentElement.scrollHeight") <= PHONE["height"]
    for name in ("undo", "redo", "clear", "save"):
        box = page.button(name).bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 44, f"{name} is no target for a thumb"


@pytest.mark.parametrize(("width", "height"), [(740, 360), (844, 390)])
def test_on_a_phone_that_lies_on_its_side_pad_and_answer_are_in_sight_together(
    open_draw: OpenDraw, width: int, height: int
) -> None:
    page = open_draw(viewport={"width": width, "height": height}, locale="ru")
    page.draw(SEVEN)
    page.expect_digit(7)
    for part in (page.pad, page.page.locator("#bars"), page.page.locator("#models")):
        expect(part).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("width", [320, 360, 600, 833, 1024, 1920, 3840])
def test_no_screen_scrolls_sideways_and_the_pad_uses_it(open_draw: OpenDraw, width: int) -> None:
    page = open_draw(viewport={"width": width, "height": width * 9 // 16 + 300}, locale="ru")
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width
    box = page.pad.bounding_box()
    assert box
    assert box["width"] == pytest.approx(box["height"], abs=1)
    assert box["width"] >= width / 4


@pytest.mark.parametrize("path", ["", "inside", "compare"])
def test_a_phone_with_text_of_twice_its_size_does_not_scroll_sideways(
    browser: Browser, live_server: str, path: str
) -> None:
    with browser.browser_type.launch(
        executable_path=installed.find(), args=[*ARGUMENTS, "--blink-settings=defaultFontSize=32"]
    ) as large:
        page = large.new_page(viewport={**PHONE}, locale="ru")
        page.goto(f"{live_server}/{path}")
        if path != "compare":
            page.wait_for_selector("html[data-ready=true]")
        assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "32px"
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("locale", ["en", "ru"])
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_axe_finds_nothing(open_draw: OpenDraw, locale: str, viewport: dict[str, int]) -> None:
    page = open_draw(locale=locale, viewport=viewport)
    assert violations(page.page) == [], "empty"
    page.draw(SEVEN)
    page.expect_digit(7)
    assert violations(page.page) == [], "with a drawing"


def test_everything_is_reached_with_the_tab_key(open_draw: OpenDraw) -> None:
    page = open_draw()
    page.draw(SEVEN)
    page.page.reload()
    expect(page.button("clear")).to_be_enabled()
    reached = []
    for _ in range(16):
        page.page.keyboard.press("Tab")
        reached.append(page.page.evaluate("document.activeElement.id"))
    wanted = ["pad", "brush", "undo", "clear", "save", "model-robust"]
    assert [name for name in reached if name in wanted] == wanted


def test_the_answer_is_spoken_once_the_pen_rests(open_draw: OpenDraw) -> None:
    page = open_draw()
    page.page.evaluate(
        """() => {
            window.said = [];
            const spoken = document.getElementById('spoken');
            new MutationObserver(() => said.push(spoken.textContent)).observe(spoken, { childList: true });
        }"""
    )
    page.page.wait_for_timeout(1000)
    page.page.evaluate("said.length = 0")
    page.draw(SEVEN)
    page.page.wait_for_function("() => said.some((words) => words.startsWith('7'))")
    assert len(page.page.evaluate("said")) <= 3, "a screen reader must be able to follow"


def test_nothing_shifts(open_draw: OpenDraw) -> None:
    page = open_draw()
    page.page.evaluate(
        """() => {
            window.shift = 0;
            new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => { window.shift += value; }))
                .observe({ type: 'layout-shift', buffered: true });
        }"""
    )
    page.draw(SEVEN)
    page.expect_digit(7)
    page.page.get_by_label("Classic").check()
    page.button("clear").click()
    page.page.wait_for_timeout(300)
    assert page.page.evaluate("shift") == 0
