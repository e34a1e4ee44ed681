"""How the page follows the pen."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from playwright.sync_api import Page

from server.settings import ROOT
from tests.bench.figures import percentile
from tests.bench.measures import Bench, Curve, Row, Target, measure
from tests.e2e.draw_page import PAD_SIZE, DrawPage
from train.penmanship import write


@contextmanager
def drawing_page(bench: Bench, width: int = 1280, height: int = 800) -> Iterator[Page]:
    """The page with wasm, ready."""
    context = bench.browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.goto(f"{bench.server.url}/?engine=wasm")
    page.wait_for_selector("html[data-ready=true]")
    yield page
    context.close()


def stroke_times(page: Page, digits: int) -> list[float]:
    """Milliseconds of each `digits:stroke` while so many digits are drawn with the mouse."""
    pad = DrawPage(page)
    rng = np.random.default_rng(1)
    page.evaluate("performance.clearMeasures('digits:stroke')")
    for digit in range(digits):
        strokes = [PAD_SIZE * (0.5 + 0.7 * points) for points in write(digit % 10, rng)]
        pad.draw([[tuple(point) for point in stroke] for stroke in strokes])
        pad.button("clear").click()
    times: list[float] = page.evaluate("performance.getEntriesByName('digits:stroke').map((entry) => entry.duration)")
    return times


@measure
def pen_to_bars(bench: Bench) -> Iterator[Row]:
    """From a pointer event to painted bars (`digits:stroke`) while digits are drawn with the mouse, on wasm.

    The slowing is the developer tools' own: it holds back the page's thread, not the worker in which the network runs.
    """
    with drawing_page(bench) as page:
        idle = stroke_times(page, bench.choose(full=20, quick=3))
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
        slowed = stroke_times(page, bench.choose(full=20, quick=2))
    yield Row("pointer event to painted bars, median", "ms", [percentile(idle, 0.5)])
    yield Row("pointer event to painted bars, 95th percentile", "ms", [percentile(idle, 0.95)], target=Target(16.7))
    yield Row("the same, page slowed 4 times, median", "ms", [percentile(slowed, 0.5)])
    yield Row("the same, page slowed 4 times, 95th percentile", "ms", [percentile(slowed, 0.95)], target=Target(33))


@measure
def bars_and_size(bench: Bench) -> Iterator[Curve]:
    """How the bars' cost grows with the pad on the screen, the picture that is read, and what is drawn already."""
    sides, times = [], []
    for height in bench.choose(full=[500, 700, 900, 1100], quick=[500, 900]):
        with drawing_page(bench, 1600, height) as page:
            sides.append(page.locator("#pad").evaluate("(pad) => pad.clientWidth"))
            times.append(percentile(stroke_times(page, bench.choose(full=5, quick=1)), 0.5))
    yield Curve(
        "Bars and the pad's size", "pointer event to painted bars, median", "side, CSS pixels", "ms", sides, times
    )

    with drawing_page(bench) as page:
        pixels = [70, 140, 280, 560, 1120]
        yield Curve(
            "Reading and the picture's size",
            "robust on wasm, median",
            "side, pixels",
            "ms",
            pixels,
            reading(page, pixels),
        )
        points = [10, 100, 1000, 10_000]
        yield Curve(
            "One event and what is drawn already",
            "event handled, mean of 50",
            "points",
            "ms",
            points,
            handling(page, points),
        )


def reading(page: Page, sides: list[int]) -> list[float]:
    """Milliseconds of one reading of a picture with each of the sides."""
    script = json.loads((ROOT / "static/dist/manifest.json").read_text())["wasm.js"]
    times: list[float] = page.evaluate(
        """async ([script, sides]) => {
            const network = await (await (await import(script)).open()).open('robust');
            const times = [];
            for (const side of sides) {
                const picture = new Float32Array(side * side).fill(255);
                for (let row = Math.round(0.2 * side); row < 0.8 * side; row++) {
                    picture.fill(0, row * side + Math.round(0.45 * side), row * side + Math.round(0.55 * side));
                }
                const runs = [];
                for (let run = 0; run < 30; run++) {
                    const start = performance.now();
                    await network.read(picture, side, side);
                    runs.push(performance.now() - start);
                }
                times.push(runs.sort((a, b) => a - b)[15]);
            }
            return times;
        }""",
        [f"/static/dist/{script}", sides],
    )
    return times


def handling(page: Page, points: list[int]) -> list[float]:
    """Milliseconds that the page is held up by one pointer event, where so many points are drawn already."""
    times: list[float] = page.evaluate(
        """(points) => {
            const pad = document.getElementById('pad');
            pad.setPointerCapture = () => {}; // knows real pointers only
            const { left, top, width } = pad.getBoundingClientRect();
            let drawn = 0;
            const send = (type) => pad.dispatchEvent(new PointerEvent(type, {
                pointerId: 1, pointerType: 'mouse', button: 0,
                clientX: left + width * (0.5 + 0.3 * Math.sin(0.1 * drawn)),
                clientY: top + width * (0.5 + 0.3 * Math.cos(0.17 * drawn++)),
            }));
            send('pointerdown');
            const times = points.map((count) => {
                while (drawn < count) send('pointerrawupdate');
                const start = performance.now();
                for (let event = 0; event < 50; event++) send('pointerrawupdate');
                return (performance.now() - start) / 50;
            });
            send('pointerup');
            return times;
        }""",
        points,
    )
    return times
