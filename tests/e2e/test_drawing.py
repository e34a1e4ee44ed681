"""Drawing with everything that draws, and what the tools do to the drawing."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.e2e.conftest import PHONE, OpenDraw
from tests.e2e.draw_page import PAD_SIZE, DrawPage
from tests.e2e.handwriting import AMERICAN, EUROPEAN, Stroke, line
from train.penmanship import write
from train.penmanship.tools import place

SEVEN = EUROPEAN[7]
ONE = AMERICAN[1]


def written(digit: int) -> list[Stroke]:
    """As the pen generator writes, across much of the pad."""
    rng = np.random.default_rng(digit)
    strokes, _ = place(write(digit, rng, care=0.9), PAD_SIZE, rng, (0.7, 0.7))
    return [[(x, y) for x, y in stroke[::2].tolist()] for stroke in strokes]


@pytest.mark.parametrize(
    "hand", [AMERICAN, EUROPEAN, [written(k) for k in range(10)]], ids=["american", "european", "penmanship"]
)
def test_all_ten_digits_are_read_in_every_hand(open_draw: OpenDraw, hand: list) -> None:
    page = open_draw()
    for digit, strokes in enumerate(hand):
        page.draw(strokes)
        page.expect_digit(digit)
        bars = page.probabilities()
        assert bars.index(max(bars)) == digit
        page.button("clear").click()


def test_a_finger_draws_and_does_not_scroll_the_page(open_draw: OpenDraw) -> None:
    page = open_draw(has_touch=True, viewport={"width": 360, "height": 500})
    page.touch(SEVEN)
    page.expect_digit(7)
    assert page.page.evaluate("scrollY") == 0


def test_a_tap_draws_a_dot(open_draw: OpenDraw) -> None:
    page = open_draw()
    page.draw([[(140, 140)]])
    page.page.mouse.move(0, 0)
    shown = Image.open(io.BytesIO(page.pad.screenshot())).convert("L")
    assert shown.getpixel((shown.width // 2, shown.height // 2)) < 64


@pytest.mark.parametrize("tool", ["clear", "undo"])
def test_the_focus_goes_to_the_pad_where_the_tool_that_was_pressed_is_off(open_draw: OpenDraw, tool: str) -> None:
    page = open_draw()
    page.draw([ONE[0]])
    page.button(tool).press("Enter")
    expect(page.button(tool)).to_be_disabled()
    expect(page.pad).to_be_focused()


def test_a_second_stroke_counts(open_draw: OpenDraw) -> None:
    page = open_draw()
    bar, flag = line((90, 60), (195, 60)), line((195, 60), (125, 230))
    page.draw([bar, flag])
    page.expect_digit(7)


def test_the_bars_move_while_the_pen_is_down(open_draw: OpenDraw) -> None:
    page = open_draw()
    [stroke] = AMERICAN[7]
    start, *rest = page.on_screen(stroke)
    mouse = page.page.mouse
    mouse.move(*start)
    mouse.down()
    for point in rest:
        mouse.move(*point)
    page.expect_digit(7)
    mouse.up()


def test_a_pen_that_is_pressed_harder_draws_broader(open_draw: OpenDraw) -> None:
    def ink(pressure: float) -> int:
        page = open_draw()
        page.pen(ONE[0], pressure)
        return sum(saved_picture(page).histogram()[:128])

    assert 2 * ink(0.1) < ink(0.9)


def test_the_whole_path_is_drawn_when_the_browser_bundles_events(open_draw: OpenDraw) -> None:
    page = open_draw()
    way = page.on_screen(line((60, 60), (220, 60), (220, 220)))
    page.page.mouse.move(*way[0])
    page.page.mouse.down()
    page.page.evaluate(
        """way => {
            const events = way.map(([clientX, clientY]) =>
                new PointerEvent('pointerrawupdate', { clientX, clientY, pointerId: 1, pointerType: 'mouse' }));
            const [last] = events.slice(-1);
            document.getElementById('pad').dispatchEvent(new PointerEvent('pointerrawupdate', {
                clientX: last.clientX, clientY: last.clientY, pointerId: 1, pointerType: 'mouse',
                coalescedEvents: events,
            }));
        }""",
        way,
    )
    page.page.mouse.up()
    picture = saved_picture(page)
    corner = tuple(value * picture.width // 280 for value in (216, 64))
    assert picture.getpixel(corner) < 128, "a straight line from first to last point misses the corner"


def test_arrow_keys_and_space_draw(open_draw: OpenDraw) -> None:
    page = open_draw()
    page.pad.focus()
    keyboard = page.page.keyboard
    keyboard.press(" ")
    for _ in range(20):
        keyboard.press("ArrowDown")
    keyboard.press(" ")
    page.expect_digit(1)
    keyboard.press("ArrowRight")
    two_frames = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    page.page.evaluate(two_frames)  # the last step is read
    before = page.probabilities()
    for _ in range(5):
        keyboard.press("ArrowRight")
    page.page.evaluate(two_frames)
    assert page.probabilities() == before, "a lifted pen draws nothing"


def test_undo_redo_and_clear_go_stroke_by_stroke(open_draw: OpenDraw) -> None:
    page = open_draw()
    expect(page.button("undo")).to_be_disabled()
    page.draw(ONE)
    page.expect_digit(1)
    with_one = page.probabilities()
    page.draw([line((60, 230), (220, 230)), line((60, 40), (220, 40))])

    page.button("undo").click()
    page.button("undo").click()
    page.expect_digit(1)
    wait_for_bars(page, with_one)
    page.button("undo").click()
    expect(page.answer).to_have_text("Nothing drawn yet")
    assert page.probabilities() == [0] * 10
    expect(page.button("undo")).to_be_disabled()

    page.button("redo").click()
    wait_for_bars(page, with_one)
    page.button("clear").click()
    expect(page.answer).to_have_text("Nothing drawn yet")
    page.button("undo").click()
    wait_for_bars(page, with_one)
    page.button("clear").click()
    page.draw(SEVEN)
    expect(page.button("redo")).to_be_disabled()


def test_the_shortcuts_do_what_they_say(open_draw: OpenDraw) -> None:
    page = open_draw()
    page.draw(ONE)
    page.expect_digit(1)
    keyboard = page.page.keyboard
    keyboard.press("Control+z")
    expect(page.answer).to_have_text("Nothing drawn yet")
    keyboard.press("Control+Shift+z")
    page.expect_digit(1)
    keyboard.press("Control+z")
    keyboard.press("Control+y")
    page.expect_digit(1)
    keyboard.press("Delete")
    expect(page.answer).to_have_text("Nothing drawn yet")
    keyboard.press("Control+z")
    with page.page.expect_download():
        keyboard.press("Control+s")
    for name in ("undo", "redo", "clear", "save"):
        expect(page.button(name)).to_have_attribute("aria-keyshortcuts", re.compile("."))


@pytest.mark.parametrize(
    ("key", "code"), [("z", "KeyY"), ("z", "KeyW"), ("я", "KeyZ")], ids=["german", "french", "russian"]
)
def test_a_shortcut_goes_by_its_letter_and_in_another_alphabet_by_its_place(
    open_draw: OpenDraw, key: str, code: str
) -> None:
    page = open_draw()
    page.draw(ONE)
    page.expect_digit(1)
    page.pad.dispatch_event("keydown", {"key": key, "code": code, "ctrlKey": True})
    expect(page.answer).to_have_text("Nothing drawn yet")


def test_a_mouse_draws_though_the_keyboard_has_its_pen_down(open_draw: OpenDraw) -> None:
    page = open_draw()
    cursor = page.page.locator("#pad-cursor")
    page.pad.press(" ")
    expect(cursor).to_have_attribute("data-down", "true")
    page.draw(SEVEN)
    page.expect_digit(7)
    expect(cursor).to_have_attribute("data-down", "false")


def test_a_pen_that_the_keyboard_has_put_down_is_lifted_before_a_shortcut_acts(open_draw: OpenDraw) -> None:
    page = open_draw()
    keyboard, cursor = page.page.keyboard, page.page.locator("#pad-cursor")
    page.pad.focus()
    for shortcut in ("Delete", "Control+z"):
        keyboard.press(" ")
        for _ in range(20):
            keyboard.press("ArrowDown")
        expect(cursor).to_have_attribute("data-down", "true")
        keyboard.press(shortcut)
        expect(page.answer).to_have_text("Nothing drawn yet")
        expect(cursor).to_have_attribute("data-down", "false")
        for _ in range(20):
            keyboard.press("ArrowUp")
        expect(page.answer).to_have_text("Nothing drawn yet")
    keyboard.press("Control+Shift+z")
    page.expect_digit(1)


def test_delete_and_backspace_in_a_control_leave_the_drawing(open_draw: OpenDraw) -> None:
    page = open_draw()
    page.draw(ONE)
    page.expect_digit(1)
    for control in ("#brush", "#save", "#model-robust", ".door"):
        for key in ("Delete", "Backspace"):
            page.page.locator(control).press(key)
    page.page.wait_for_timeout(200)
    page.expect_digit(1)
    page.pad.press("Backspace")
    expect(page.answer).to_have_text("Nothing drawn yet")


def test_the_brush_changes_the_width(open_draw: OpenDraw) -> None:
    def ink(width: int) -> int:
        page = open_draw()
        page.page.locator("#brush").fill(str(width))
        page.draw(ONE)
        return sum(saved_picture(page).histogram()[:128])

    assert 2 * ink(8) < ink(24)


def test_the_picture_does_not_depend_on_the_screen(open_draw: OpenDraw) -> None:
    def bars(**options: object) -> list[float]:
        page = open_draw(**options)
        page.draw(SEVEN)
        page.expect_something_read()
        page.page.wait_for_timeout(200)
        return page.probabilities()

    small = bars(viewport=PHONE, device_scale_factor=3)
    large = bars(viewport={"width": 1600, "height": 1200}, color_scheme="dark")
    assert small == pytest.approx(large, abs=2)


def test_the_drawing_outlives_a_reload_and_a_change_of_language(open_draw: OpenDraw) -> None:
    page = open_draw()
    page.draw(SEVEN)
    page.expect_digit(7)
    bars = page.probabilities()
    page.page.reload()
    wait_for_bars(page, bars)
    page.page.get_by_role("link", name="RU").click()
    expect(page.root).to_have_attribute("lang", "ru")
    wait_for_bars(page, bars)
    page.button("undo").click()
    expect(page.button("redo")).to_be_enabled()


def test_both_networks_give_their_verdict_and_the_switch_shows_either(open_draw: OpenDraw) -> None:
    page = open_draw()
    # Small, and in a corner: both would be certain of a large one.
    page.draw([[(x / 4, y / 4) for x, y in stroke] for stroke in SEVEN])
    page.expect_digit(7)
    for name in ("robust", "classic"):
        expect(page.page.locator(f"#verdict-{name}")).to_contain_text(re.compile(r"\d"))
    robust = page.probabilities()
    page.page.get_by_label("Classic").check()
    expect(page.page.locator("[data-digit='7'][role=meter]")).not_to_have_attribute("aria-valuenow", f"{robust[7]:g}")
    page.page.reload()
    expect(page.page.get_by_label("Classic")).to_be_checked()


def test_a_page_that_comes_back_as_it_was_shows_what_was_drawn_since(open_draw: OpenDraw) -> None:
    page = open_draw()
    page.draw(SEVEN)
    page.expect_digit(7)
    three = [[[x, y, 9] for x, y in stroke] for stroke in AMERICAN[3]]
    page.page.evaluate("(three) => sessionStorage.setItem('digits:drawing', JSON.stringify(three))", three)
    page.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    page.expect_digit(3)


def test_a_pen_pressed_harder_in_place_makes_a_larger_dot(open_draw: OpenDraw) -> None:
    page = open_draw()
    session = page.page.context.new_cdp_session(page.page)
    [[x, y]] = page.on_screen([(140, 140)])
    shown = []
    for kind, force in (("mousePressed", 0.1), ("mouseMoved", 1.0), ("mouseReleased", 0.0)):
        more = {"button": "left", "buttons": 1, "pointerType": "pen", "force": force}
        session.send("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, **more})
        shown.append(np.asarray(Image.open(io.BytesIO(page.pad.screenshot())).convert("L")))
    assert (shown[1] < 128).sum() > 2 * (shown[0] < 128).sum()


def test_what_is_not_certain_is_never_told_as_100_percent(open_draw: OpenDraw) -> None:
    page = open_draw()
    page.draw(SEVEN)  # as clear as a digit can be
    page.expect_digit(7)
    assert 99 <= page.probabilities()[7] < 100
    expect(page.page.locator("#certainty")).to_have_text("99% sure")


def test_what_the_network_sees_is_the_centred_digit(open_draw: OpenDraw) -> None:
    page = open_draw()
    page.draw([line((20, 20), (20, 60))])  # a small 1 in the corner
    page.expect_something_read()
    sums = page.page.evaluate(
        """() => {
            const { data } = document.getElementById('sight').getContext('2d').getImageData(0, 0, 28, 28);
            const ink = Array.from({ length: 28 * 28 }, (_, pixel) => data[4 * pixel]);
            const total = ink.reduce((sum, value) => sum + value, 0);
            return { total, x: ink.reduce((sum, value, pixel) => sum + value * (pixel % 28), 0) / total,
                     y: ink.reduce((sum, value, pixel) => sum + value * Math.floor(pixel / 28), 0) / total };
        }"""
    )
    assert sums["total"] > 0
    assert (sums["x"], sums["y"]) == pytest.approx((13.5, 13.5), abs=1)


def saved_picture(page: DrawPage) -> Image.Image:
    picture = Image.open(io.BytesIO(page.saved().path().read_bytes()), formats=["PNG"])
    assert (picture.mode, picture.size) == ("L", (1120, 1120))
    return picture


def wait_for_bars(page: DrawPage, expected: list[float]) -> None:
    page.page.wait_for_function(
        """expected => [...document.querySelectorAll('[role=meter]')]
            .every((meter, digit) => Math.abs(meter.ariaValueNow - expected[digit]) < 0.2)""",
        arg=expected,
    )
