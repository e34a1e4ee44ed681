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

BARE = """<!doctype html>
<canvas id="pad" style="width: 500px; height: 500px"></canvas><button id="clear">Clear</button>
<div id="bar" style="width: 300px; height: 8px; background: #000"></div>
<script>
  document.getElementById('pad').addEventListener('pointerrawupdate', ({ timeStamp, offsetX }) => {
    requestAnimationFrame(() => {
      document.getElementById('bar').style.transform = `scaleX(${offsetX / 500})`;
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => performance.measure('digits:stroke', { start: timeStamp, end: performance.now() });
      port2.postMessage(null);
    });
  });
</script>"""
"""The least a page can do: it moves one bar and reads nothing. What is left is the wait for the screen's next frame."""


@contextmanager
def drawing_page(bench: Bench, width: int = 1280, height: int = 800) -> Iterator[Page]:
    """The page with wasm, ready."""
    page = bench.open_page(width, height)
    page.goto(f"{bench.server.url}/?engine=wasm")
    page.wait_for_selector("html[data-ready=true]")
    yield page
    page.context.close()


@contextmanager
def bare_page(bench: Bench) -> Iterator[Page]:
    """A page that only moves a bar, on the same host: `pointerrawupdate` wants a secure context."""
    page = bench.open_page()
    page.route("**/bare", lambda route: route.fulfill(body=BARE, content_type="text/html"))
    page.goto(f"{bench.server.url}/bare")
    yield page
    page.context.close()


@contextmanager
def slowed(page: Page, times: int) -> Iterator[None]:
    """The page's thread runs so many times slower."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": times})
    yield
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    session.detach()


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

    The mouse moves on as soon as the page has taken the last move: most moves come right after a frame, and wait for
    the whole of the next. A hand's come at any time.

    The slowing is the developer tools' own: it holds back the page's thread, not the worker in which the network runs.
    It does so by keeping a core busy, so that only the page that is measured is slowed: a second one that waits slowed
    would take three quarters of a core from it.
    """
    with drawing_page(bench) as ours, bare_page(bench) as bare:
        for slowing, name in ((1, "pointer event to painted bars"), (4, "the same, page slowed 4 times")):
            times: dict[Page, list[float]] = {ours: [], bare: []}
            for _ in range(bench.choose(full=5, quick=1)):
                for page, taken in times.items():
                    page.bring_to_front()
                    with slowed(page, slowing):
                        taken += stroke_times(page, bench.choose(full=4, quick=3))
            for share, words in ((0.5, "median"), (0.95, "95th percentile")):
                our_figure, bare_figure = ([percentile(taken, share)] for taken in times.values())
                target = Target(16.7 if slowing == 1 else 33) if share > 0.5 else None
                yield Row(f"{name}, {words}", "ms", our_figure, bare_figure, "a page that only moves a bar", target)


@measure
def bars_and_size(bench: Bench) -> Iterator[Curve]:
    """How the bars' cost grows with the pad on the screen, the picture that is read, and what is drawn already."""
    sides, times = [], []
    for height in bench.choose(full=[500, 700, 900, 1100], quick=[500, 900]):
        with drawing_page(bench, 2400, height) as page:
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
        points = [100, 1000, 10_000]
        yield Curve(
            "One event and what is drawn already",
            "event handled, median of 9 frames of 20",
            "points",
            "ms",
            points,
            handling(page, points),
        )


def reading(page: Page, sides: list[int]) -> list[float]:
    """Milliseconds of one reading of a picture with each of the sides, by all of TensorFlow.js: a plan is for one."""
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
        """async (points) => {
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
            // Some events a frame, as a hand draws: in one frame alone they would pile up unpainted in the canvas.
            const batch = async () => {
                const start = performance.now();
                for (let event = 0; event < 20; event++) send('pointerrawupdate');
                const time = (performance.now() - start) / 20;
                await new Promise(requestAnimationFrame);
                return time;
            };
            const times = [];
            for (const count of points) {
                while (drawn < count) await batch();
                const runs = [];
                for (let run = 0; run < 9; run++) runs.push(await batch());
                times.push(runs.sort((a, b) => a - b)[4]);
            }
            send('pointerup');
            return times;
        }""",
        points,
    )
    return times
