"""How the page follows the pen."""

from collections.abc import Iterator

import numpy as np

from tests.bench.figures import percentile
from tests.bench.measures import Bench, Row, Target, measure
from tests.e2e.draw_page import PAD_SIZE, DrawPage
from train.penmanship import write


@measure
def pen_to_bars(bench: Bench) -> Iterator[Row]:
    """From a pointer event to painted bars (`digits:stroke`) while digits are drawn with the mouse, on wasm."""
    context = bench.browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(f"{bench.server.url}/?engine=wasm")
    page.wait_for_selector("html[data-ready=true]")
    pad = DrawPage(page)
    rng = np.random.default_rng(1)
    for digit in range(bench.choose(full=20, quick=3)):
        strokes = [PAD_SIZE * (0.5 + 0.7 * points) for points in write(digit % 10, rng)]
        pad.draw([[tuple(point) for point in stroke] for stroke in strokes])
        pad.button("clear").click()
    durations = page.evaluate("performance.getEntriesByName('digits:stroke').map((entry) => entry.duration)")
    context.close()
    yield Row("pointer event to painted bars, median", "ms", [percentile(durations, 0.5)])
    yield Row(
        "pointer event to painted bars, 95th percentile", "ms", [percentile(durations, 0.95)], target=Target(16.7)
    )
