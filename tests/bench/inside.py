"""How the page Inside follows the pen, and whether it gives back what it needs no more."""

from collections.abc import Iterator

import numpy as np

from tests.bench.figures import percentile
from tests.bench.measures import Bench, Row, Target, measure
from tests.e2e.draw_page import PAD_SIZE
from tests.e2e.inside_page import InsidePage, listen
from train.penmanship import write

REDRAW = """async (times) => {
    for (let k = 0; k < times; k++) {
        const shown = new Promise((resolve) => {
            document.addEventListener('digits:reading', resolve, { once: true });
        });
        document.getElementById(k % 2 ? 'redo' : 'undo').click();
        await shown;
    }
}"""
TENSORS = "_tfengine.backend.numDataIds()"


@measure
def inside(bench: Bench) -> Iterator[Row]:
    """From a pointer event to Inside painted anew, each section in view in turn; tensors kept by 1,000 redraws."""
    opened = bench.open_page()
    listen(opened.context)
    opened.goto(f"{bench.server.url}/inside?engine=wasm&model=robust")
    opened.wait_for_selector("html[data-ready=true]")
    page = InsidePage(opened)
    rng = np.random.default_rng(1)
    for digit in range(bench.choose(full=20, quick=10)):
        page.button("clear").click()
        # One section after the other is on the screen; the pad stays beside it.
        page.page.locator(".step .figure").nth(digit % 10).evaluate("(figure) => figure.scrollIntoView()")
        strokes = [PAD_SIZE * (0.5 + 0.7 * points) for points in write(digit % 10, rng)]
        page.draw([[tuple(point) for point in stroke] for stroke in strokes])
    durations = opened.evaluate("performance.getEntriesByName('digits:stroke').map((entry) => entry.duration)")
    yield Row("pen to Inside repainted, median", "ms", [percentile(durations, 0.5)], target=Target(33))
    yield Row("pen to Inside repainted, 95th percentile", "ms", [percentile(durations, 0.95)])

    page.draw([[(40, 40), (240, 40)]])
    before = opened.evaluate(TENSORS)
    opened.evaluate(REDRAW, bench.choose(full=1000, quick=30))
    kept = opened.evaluate(TENSORS) - before
    opened.context.close()
    yield Row("tensors kept by 1,000 redraws of Inside", "", [kept], target=Target(0))
