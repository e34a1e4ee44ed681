"""From the pad to a file and back: PNG, SVG and PSD, each read again by the page Compare and by the API."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from psd_tools import PSDImage

from tests.e2e.conftest import OpenDraw
from tests.e2e.draw_page import DrawPage
from tests.e2e.handwriting import EUROPEAN, line

FORMATS = ("png", "svg", "psd")


def content(page: DrawPage, format: str) -> bytes:
    return page.saved(format).path().read_bytes()


def posted(data: bytes, name: str = "a") -> dict[str, str | bytes]:
    """A file as a form sends it; its type says nothing."""
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def wait_for_classic(page: DrawPage) -> None:
    expect(page.page.locator("#verdict-classic")).not_to_have_text("–")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("digit", [2, 4, 7])
def test_a_saved_drawing_reads_back_as_the_same_digit(open_draw: OpenDraw, live_server: str, format, digit) -> None:
    page = open_draw()
    page.draw(EUROPEAN[digit])
    page.expect_digit(digit)
    wait_for_classic(page)
    download = page.saved(format)
    assert download.suggested_filename == f"digit-{digit}.{format}"
    file = posted(download.path().read_bytes(), download.suggested_filename)
    report = page.page.request.post(f"{live_server}/api/compare", multipart={"files": file}).json()
    assert report["skipped"] == []
    [picture] = report["pictures"]
    assert 100 * np.array(picture["models"]["robust"]["probabilities"]) == pytest.approx(page.probabilities(), abs=2)
    assert str(picture["models"]["classic"]["digit"]) == page.page.locator("#verdict-classic").inner_text()

    page.page.goto(f"{live_server}/compare")
    page.page.locator("#files").set_input_files(files=file)
    expect(page.page.locator(".card-verdict").first).to_contain_text(f"Robust: {digit}")


def test_a_stroke_of_an_uneven_pen_reads_back_too(open_draw: OpenDraw, live_server: str) -> None:
    page = open_draw()
    page.pen(line((140, 40), (130, 240)), 0.9)
    page.pen(line((100, 80), (140, 40)), 0.2)
    page.expect_something_read()
    for format in FORMATS:
        file = posted(content(page, format))
        answer = page.page.request.post(f"{live_server}/api/predict", multipart={"picture": file}).json()
        assert 100 * np.array(answer["probabilities"]) == pytest.approx(page.probabilities(), abs=4), format


def test_every_format_shows_the_same_picture(open_draw: OpenDraw) -> None:
    page = open_draw()
    page.draw([*EUROPEAN[5], [(40, 250), (40, 250)]])
    png = Image.open(io.BytesIO(content(page, "png")), formats=["PNG"])
    psd = PSDImage.open(io.BytesIO(content(page, "psd")))
    layers = np.asarray(psd.composite(force=True).convert("L"), int)
    assert np.abs(layers - np.asarray(png)).max() <= 1, "the layers make another picture"
    np.testing.assert_array_equal(np.asarray(psd.topil().convert("L")), np.asarray(png))
    svg = page.page.context.new_page()
    svg.set_viewport_size({"width": 1120, "height": 1120})
    svg.set_content(f"<style>body {{ margin: 0 }}</style>{content(page, 'svg').decode()}")
    rendered = Image.open(io.BytesIO(svg.screenshot())).convert("L")
    difference = np.abs(np.asarray(rendered, int) - np.asarray(png, int))
    assert difference.mean() < 0.5, "Chromium draws other strokes than the pad"


def test_the_photoshop_file_has_the_digit_as_a_named_layer_on_a_background(open_draw: OpenDraw) -> None:
    page = open_draw()
    page.draw(EUROPEAN[7])
    page.expect_digit(7)
    psd = PSDImage.open(io.BytesIO(content(page, "psd")))
    assert [(layer.name, layer.bbox) for layer in psd] == [("Background", psd.viewbox), ("7", psd.viewbox)]
    background, digit = psd
    assert np.asarray(background.topil()).min() == 255
    pixels = np.asarray(digit.topil())
    assert pixels[..., :3].max() == 0, "ink alone"
    np.testing.assert_array_equal(255 - pixels[..., 3], np.asarray(psd.topil().convert("L")))
    assert not background.has_effects()
    assert digit.is_visible()
    assert digit.opacity == 255


def test_the_writer_is_loaded_with_the_first_file_and_a_failure_is_said(open_draw: OpenDraw) -> None:
    loaded: list[str] = []
    page = open_draw(errors_allowed=True)
    page.page.on("request", lambda request: loaded.append(request.url))
    page.page.route("**/saving-*.js", lambda route: route.abort())
    page.draw(EUROPEAN[7])
    page.expect_digit(7)
    assert not any("saving" in url for url in loaded)
    page.page.keyboard.press("Control+s")
    expect(page.status).to_contain_text("could not be saved: the server cannot be reached")
    assert any("saving" in url for url in loaded)
    page.page.unroute("**/saving-*.js")
    page.saved()
    expect(page.status).to_have_text("Read on this device. Nothing you draw leaves it.")


def test_a_format_that_the_browser_cannot_write_is_named_and_the_others_are_saved(open_draw: OpenDraw) -> None:
    page = open_draw()
    page.page.evaluate("delete globalThis.CompressionStream")
    page.draw(EUROPEAN[7])
    page.expect_digit(7)
    page.page.keyboard.press("Control+s")
    expect(page.status).to_have_text("This browser could not write the drawing as PNG. Save it in another format.")
    page.saved("psd")
    expect(page.status).to_have_text("Read on this device. Nothing you draw leaves it.")


def test_the_formats_open_and_close_by_keyboard(open_draw: OpenDraw) -> None:
    page = open_draw()
    page.draw(EUROPEAN[7])
    save, formats, keyboard = page.button("save"), page.page.locator("#formats"), page.page.keyboard
    save.focus()
    keyboard.press("Enter")
    expect(formats).to_be_visible()
    expect(save).to_have_attribute("aria-expanded", "true")
    keyboard.press("Tab")
    keyboard.press("Escape")
    expect(formats).to_be_hidden()
    expect(save).to_be_focused()
    keyboard.press("Enter")
    keyboard.press("Tab")
    with page.page.expect_download() as download:
        keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".png")
    expect(formats).to_be_hidden()
    save.click()
    page.page.mouse.click(5, 300)
    expect(formats).to_be_hidden()
