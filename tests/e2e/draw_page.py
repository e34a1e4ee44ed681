"""The Draw page as a person uses it."""

import re

from playwright.sync_api import Download, Locator, Page, expect

from tests.e2e.handwriting import Stroke

PAD_SIZE = 280
"""Side of the pad in its own units; strokes are given in them."""


class DrawPage:
    """An open Draw page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = page.locator("html")
        self.pad = page.locator("#pad")
        self.answer = page.locator("#answer")
        self.status = page.locator("#status")

    def button(self, name: str) -> Locator:
        """`undo`, `redo`, `clear` or `save`."""
        return self.page.locator(f"#{name}")

    def on_screen(self, point: tuple[float, float]) -> tuple[float, float]:
        """A point of the pad in the viewport's CSS pixels."""
        box = self.pad.bounding_box()
        assert box
        scale = box["width"] / PAD_SIZE
        return box["x"] + point[0] * scale, box["y"] + point[1] * scale

    def draw(self, strokes: list[Stroke]) -> None:
        """Draw with the mouse."""
        for stroke in strokes:
            self.page.mouse.move(*self.on_screen(stroke[0]))
            self.page.mouse.down()
            for point in stroke[1:]:
                self.page.mouse.move(*self.on_screen(point))
            self.page.mouse.up()

    def touch(self, strokes: list[Stroke]) -> None:
        """Draw with a finger."""
        session = self.page.context.new_cdp_session(self.page)

        def send(kind: str, *points: tuple[float, float]) -> None:
            touches = [dict(zip("xy", self.on_screen(point), strict=True)) for point in points]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

        for stroke in strokes:
            send("touchStart", stroke[0])
            for point in stroke[1:]:
                send("touchMove", point)
            send("touchEnd")

    def pen(self, stroke: Stroke, pressure: float) -> None:
        """Draw with a pen that feels pressure, 0..1."""
        session = self.page.context.new_cdp_session(self.page)

        def send(kind: str, point: tuple[float, float]) -> None:
            x, y = self.on_screen(point)
            details = {"button": "left", "buttons": 1, "pointerType": "pen", "force": pressure, "clickCount": 1}
            session.send("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, **details})

        send("mousePressed", stroke[0])
        for point in stroke[1:]:
            send("mouseMoved", point)
        send("mouseReleased", stroke[-1])

    def expect_engine(self, name: str) -> None:
        """Wait until that engine is in use."""
        expect(self.root).to_have_attribute("data-engine", name, timeout=20_000)
        expect(self.root).to_have_attribute("data-ready", "false" if name == "none" else "true")

    def expect_digit(self, digit: int) -> None:
        """Wait until the digit is read, with nothing said against it."""
        expect(self.answer).to_have_text(str(digit))

    def expect_something_read(self) -> None:
        """Wait until any digit leads, however sure."""
        expect(self.answer).to_have_attribute("data-leader", re.compile(r"^\d$"))

    def probabilities(self) -> list[float]:
        """The ten bars, in percent, all of one moment."""
        values: list[float] = self.page.eval_on_selector_all(
            "[role=meter]", "meters => meters.map((meter) => Number(meter.ariaValueNow))"
        )
        return values

    def saved(self, format: str = "png") -> Download:
        """The file that saving in that format gives: `png`, `svg` or `psd`."""
        self.button("save").click()
        with self.page.expect_download() as download:
            self.page.locator(f"#formats [data-format={format}]").click()
        return download.value
