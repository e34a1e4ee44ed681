"""The README's pictures of the page: `python -m tests.e2e.screenshots docs/` makes them anew.

Writes draw-<language>-<light|dark>.png and phone-<language>-<light|dark>.png, with a digit drawn and read.
"""

import argparse
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests import browser
from tests.e2e.conftest import ARGUMENTS
from tests.e2e.draw_page import DrawPage
from tests.e2e.handwriting import EUROPEAN
from tests.live import LiveServer

SCREENS = {"draw": {"width": 1280, "height": 800}, "phone": {"width": 360, "height": 740}}
DIGIT = 7


def take(chromium: Browser, url: str, path: Path, **options: object) -> None:
    """Open the page, draw the digit, wait until it is read by both networks, and write the picture."""
    context = chromium.new_context(device_scale_factor=2, **options)  # type: ignore[arg-type]
    page = DrawPage(context.new_page())
    page.page.goto(url)
    page.draw(EUROPEAN[DIGIT])
    page.expect_digit(DIGIT)
    page.page.wait_for_function("() => document.getElementById('verdict-classic').textContent !== '–'")
    page.page.mouse.move(0, 0)
    page.page.wait_for_timeout(500)  # the bars come to rest
    page.page.screenshot(path=path)
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
        for (screen, viewport), language, scheme in product(SCREENS.items(), ("en", "ru"), ("light", "dark")):
            path = folder / f"{screen}-{language}-{scheme}.png"
            take(chromium, server.url, path, viewport=viewport, locale=language, color_scheme=scheme)
            print(path)
        chromium.close()
    server.stop()


if __name__ == "__main__":
    main()
