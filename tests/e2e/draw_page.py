"""The Draw page as a person uses it."""

import re

from playwright.sync_api import Download, Locator, Page, expect

from tests.e2e.handwriting import Point, Stroke

# Generous, for machines that are busy; what holds sooner is not waited for.
expect.set_options(timeout=60_000)

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

    def on_screen(self, stroke: Stroke) -> Stroke:
        """A stroke on the pad in the viewport's CSS pixels.

        The page is asked once for all points: while it answers, it does not draw.
        """
        box = self.pad.bounding_box()
        assert box
        scale = box["width"] / PAD_SIZE
        return [(box["x"] + x * scale, box["y"] + y * scale) for x, y in stroke]

    def draw(self, strokes: list[Stroke]) -> None:
        """Draw with the mouse."""
        for start, *rest in map(self.on_screen, strokes):
            self.page.mouse.move(*start)
            self.page.mouse.down()
            for point in rest:
                self.page.mouse.move(*point)
            self.page.mouse.up()

    def touch(self, strokes: list[Stroke]) -> None:
        """Draw with a finger."""
        session = self.page.context.new_cdp_session(self.page)

        def send(kind: str, *points: Point) -> None:
            touches = [{"x": x, "y": y} for x, y in points]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

        for start, *rest in map(self.on_screen, strokes):
            send("touchStart", start)
            for point in rest:
                send("touchMove", point)
            send("touchEnd")

    def pen(self, stroke: Stroke, pressure: float) -> None:
        """Draw with a pen that feels pressure, 0..1."""
        session = self.page.context.new_cdp_session(self.page)

        def send(kind: str, point: Point) -> None:
            x, y = point
            details = {"button": "left", "buttons": 1, "pointerType": "pen", "force": pressure, "clickCount": 1}
            session.send("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, **details})

        points = self.on_screen(stroke)
        send("mousePressed", points[0])
        for point in points[1:]:
            send("mouseMoved", point)
        send("mouseReleased", points[-1])

    def expect_engine(self, name: str) -> None:
        """Wait until that engine is in use."""
        expect(self.root).to_have_attribute("data-engine", name)
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
