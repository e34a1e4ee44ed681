"""The README's pictures of the pages: `python -m tests.e2e.screenshots docs/` makes them anew.

Writes <screen>-<language>-<light|dark>.png: draw and phone with a digit drawn and read, inside with the same,
compare with the sample set.
"""

import argparse
from collections.abc import Callable
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests import browser
from tests.e2e.conftest import ARGUMENTS, DESKTOP, PHONE
from tests.e2e.draw_page import DrawPage
from tests.e2e.handwriting import EUROPEAN
from tests.live import LiveServer

DIGIT = 7
COLOURS = 128
"""As many make a picture of the page a fourth as large, and nobody sees it."""


def draw(page: Page, url: str) -> None:
    """Draw the digit and wait until both networks have read it."""
    page.goto(url)
    drawing = DrawPage(page)
    drawing.draw(EUROPEAN[DIGIT])
    drawing.expect_digit(DIGIT)
    page.wait_for_function("() => document.getElementById('verdict-classic').textContent !== '–'")
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)  # the bars come to rest


def inside(page: Page, url: str) -> None:
    """Draw the digit and follow it into the network."""
    draw(page, url)
    page.goto(f"{url}/inside#overview")
    page.wait_for_selector("html[data-ready=true]")
    DrawPage(page).expect_digit(DIGIT)
    page.wait_for_timeout(500)  # the figures out of sight wait until the pen rests


def compare(page: Page, url: str) -> None:
    """Compare the sample set and show the report from its headline on."""
    page.goto(f"{url}/compare")
    page.locator("#try").click()
    expect(page.locator("#stop")).to_be_hidden()
    page.locator("#headline").evaluate("(headline) => scrollTo(0, headline.offsetTop - 16)")
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)  # pictures in sight are painted


SCREENS = {
    "draw": (draw, DESKTOP),
    "phone": (draw, PHONE),
    "inside": (inside, {"width": 1280, "height": 860}),
    "compare": (compare, {"width": 1280, "height": 1120}),
}


def take(chromium: Browser, url: str, path: Path, show: Callable[[Page, str], None], **options: Any) -> None:
    """Open a page, show something on it, and write the picture."""
    context = chromium.new_context(device_scale_factor=2, **options)
    page = context.new_page()
    show(page, url)
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    context.close()


def main() -> None:
    """Take every picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    server = LiveServer()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser.find(), args=ARGUMENTS)
        for screen, language, scheme in product(SCREENS, ("en", "ru"), ("light", "dark")):
            path = folder / f"{screen}-{language}-{scheme}.png"
            show, viewport = SCREENS[screen]
            take(chromium, server.url, path, show, viewport=viewport, locale=language, color_scheme=scheme)
            print(path)
        chromium.close()
    server.stop()


if __name__ == "__main__":
    main()
