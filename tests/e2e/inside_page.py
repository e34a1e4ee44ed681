"""The page Inside as a person uses it."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import BrowserContext, Locator, Route, expect

from tests.e2e.draw_page import DrawPage
from tests.e2e.handwriting import Stroke
from tests.live import until

LISTEN = """
    window.readings = 0;
    document.addEventListener('digits:reading', ({ detail }) => {
        window.reading = detail;
        window.readings++;
    });
"""
TELL = """() => {
    const { network, picture, size, logits, probabilities } = window.reading;
    const layers = Object.fromEntries(
        network.layers.map((layer) => [layer.name, { shape: layer.shape, values: [...window.reading.of(layer)] }]),
    );
    return { name: network.name, size, picture: [...picture], layers };
}"""


def change_card(change: Callable[[dict[str, Any]], object]) -> Callable[[BrowserContext], None]:
    """Let the page get the networks' cards changed on the way."""

    def answer(route: Route) -> None:
        card = route.fetch().json()
        change(card)
        route.fulfill(json=card)

    return lambda context: context.route(re.compile(r"\.card-\w+\.json"), answer)


def layer_of(card: dict[str, Any], name: str) -> dict[str, Any]:
    """A layer of a card."""
    return next(layer for layer in card["layers"] if layer["name"] == name)


def listen(context: BrowserContext) -> None:
    """Let the pages opened from now on keep what they read, from the first reading on, as `InsidePage` asks for it."""
    context.add_init_script(LISTEN)


class InsidePage(DrawPage):
    """An open page Inside, of a context that `listen` was called with."""

    def draw(self, strokes: list[Stroke]) -> None:
        """Draw with the mouse, and wait until what is shown is of the last point."""
        super().draw(strokes)
        self.settle()

    def settle(self) -> None:
        """Wait until nothing more is read, and each section shows it: those off the screen come last."""
        settled = """() => new Promise((resolve) => {
            const before = window.readings;
            const shown = () => before > 0 && readings === before && !document.querySelector('.step.blank');
            setTimeout(() => resolve(shown()), 300);
        })"""
        # Not `wait_for_function`, which takes a promise for a yes; long, because without a GPU WebGL takes its time.
        until(lambda: self.page.evaluate(settled), 90)

    def step(self, name: str) -> Locator:
        """A section by its id."""
        return self.page.locator(f"#{name}")

    def problem(self, name: str) -> Locator:
        """What a section says in place of its figure."""
        return self.step(name).locator(".problem")

    def choose_layer(self, step: str, layer: str) -> None:
        self.step(step).locator(".layer-picker label", has_text=layer).click()

    def choose_map(self, step: str, number: int) -> None:
        """The n-th map, counted from 1."""
        self.step(step).get_by_role("radio", name=f"Map {number}", exact=True).check()

    def pick(self, step: str, where: str, row: int, column: int, shape: tuple[int, int]) -> None:
        """Click on a pixel of a large map of `shape` rows and columns."""
        self.point_at(step, where, row, column, shape)
        self.page.mouse.down()
        self.page.mouse.up()

    def point_at(self, step: str, where: str, row: int, column: int, shape: tuple[int, int]) -> None:
        """Put the mouse on a pixel of a large map of `shape` rows and columns."""
        self.settle()  # figures above that are drawn only now move what is below them
        canvas = self.step(step).locator(f".{where} canvas")
        box = canvas.bounding_box()
        assert box
        position = {"x": (column + 0.5) * box["width"] / shape[1], "y": (row + 0.5) * box["height"] / shape[0]}
        canvas.hover(position=position)

    def words(self, step: str) -> dict[str, float]:
        """The numbers behind a section's sentence, unrounded."""
        data: dict[str, str] = self.step(step).locator(".words").evaluate("(words) => ({ ...words.dataset })")
        return {name: float(value) for name, value in data.items()}

    def matrix(self, step: str, name: str) -> NDArray[np.float64]:
        """The numbers of a table, unrounded, row by row."""
        cells = self.step(step).locator(f".{name}-matrix td")
        return np.array(cells.evaluate_all("(cells) => cells.map((cell) => Number(cell.dataset.value))"))

    def reading(self) -> dict[str, Any]:
        """The last reading: picture, size and each layer's activation as it was computed in the browser."""
        self.page.wait_for_function("() => window.reading", timeout=60_000)  # without a GPU, WebGL takes its time
        told = self.page.evaluate(TELL)
        told["picture"] = np.float32(told["picture"]).reshape(told["size"], told["size"])
        for layer in told["layers"].values():
            layer["values"] = np.float32(layer["values"]).reshape(layer["shape"])
        return told

    def expect_problems(self, words: str, *but: str) -> None:
        """Each section says something that contains these words, but those named."""
        for section in self.page.locator("section.step").all():
            name = section.get_attribute("id")
            if name not in but:
                expect(section.locator(".problem")).to_contain_text(words)
