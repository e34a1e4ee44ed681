"""Who reads: every engine, what happens where one fails, and the way back."""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Request, Route, expect

from server.settings import ROOT
from tests.e2e.conftest import OpenDraw, OpenInside
from tests.e2e.draw_page import PAD_SIZE
from tests.e2e.handwriting import AMERICAN, EUROPEAN, line
from tests.live import LiveServer, until

SEVEN, THREE = EUROPEAN[7], EUROPEAN[3]
MODELS = sorted(path.name for path in (ROOT / "static/models").iterdir() if path.is_dir())


def block(*patterns: str) -> Callable[[BrowserContext], None]:
    """Let no request through whose URL matches one of the regular expressions."""

    def prepare(context: BrowserContext) -> None:
        for pattern in patterns:
            context.route(re.compile(pattern), lambda route: route.abort())

    return prepare


FLOAT_TOLERANCE = 1e-5
LOCAL = r"/dist/(cpu-\w+\.js|tfjs-backend-wasm.*)"
"""What an engine in the browser cannot do without; the first one's script is the page's own."""


@pytest.mark.parametrize("engine", ["wasm", "cpu", "webgl", "server"])
def test_each_engine_can_be_forced_and_reads(open_draw: OpenDraw, engine: str) -> None:
    page = open_draw(f"?engine={engine}", errors_allowed=engine == "webgl")  # no GPU here: the driver complains
    page.expect_engine(engine)
    page.draw(SEVEN)
    expect(page.answer).to_have_text("7", timeout=90_000)  # without a GPU, shaders take their time
    seen = page.page.locator("#sight").evaluate(
        "(canvas) => canvas.getContext('2d').getImageData(0, 0, 28, 28).data.filter((_, k) => k % 4 === 0).join()"
    )
    assert 50 < sum(int(value) > 100 for value in seen.split(",")) < 300, "the picture that the network sees"


def test_wasm_comes_first_and_only_what_it_needs_is_loaded(open_draw: OpenDraw) -> None:
    loaded: list[Request] = []
    page = open_draw(prepare=lambda context: context.on("requestfinished", lambda request: loaded.append(request)))
    page.expect_engine("wasm")
    # The worker's script is asked for twice, in advance and by the worker, and transferred once.
    transferred = [request.url for request in loaded if request.sizes()["responseBodySize"] > 0]
    files = [url.rpartition("/")[2] for url in transferred if "/static/dist/" in url]
    kinds = [re.sub(r"-\w{8}\.", ".", file) for file in files]
    network = ["robust.bin", "robust.plan.json", "tfjs-backend-wasm-simd.wasm"]
    assert set(kinds) - {"favicon.svg"} == {"draw.js", "style.css", *network}  # the browser has the icon when it likes
    assert len(files) == len(set(files)), "nothing is loaded twice"


READ_ENLARGED = """async ([script, model, golden, side]) => {
    const engine = await (await import(script)).open();
    const network = await engine.open(model);
    const answers = [];
    for (const { width, pixels } of golden) {
        const bytes = Uint8Array.from(atob(pixels), (byte) => byte.charCodeAt(0));
        // As large as it fits, in the upper left corner.
        const times = Math.floor(side / Math.max(width, bytes.length / width));
        const picture = Float32Array.from({ length: side * side }, (_, place) => {
            const [x, y] = [place % side, Math.floor(place / side)].map((at) => Math.floor(at / times));
            return x < width ? (bytes[y * width + x] ?? bytes[0]) : bytes[0];
        });
        const { probabilities, normalized, ink } = await network.read(picture, side, side);
        answers.push([...probabilities, ...normalized, ink]);
    }
    return answers;
}"""


@pytest.mark.parametrize("model", MODELS)
def test_the_plan_answers_what_all_of_tensorflow_js_answers(
    open_draw: OpenDraw, manifest: dict[str, str], model: str
) -> None:
    page = open_draw(errors_allowed=True).page
    golden = json.loads((ROOT / "static/models" / model / "card.json").read_text())["golden"]
    planned, interpreted = (
        page.evaluate(READ_ENLARGED, [f"/static/dist/{manifest[script]}", model, golden, PAD_SIZE // 2])
        for script in ("planned.js", "wasm.js")
    )
    assert len(planned) == len(golden)
    for plan, tensorflow in zip(planned, interpreted, strict=True):
        assert plan == pytest.approx(tensorflow, abs=FLOAT_TOLERANCE)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("engine", ["wasm", "cpu"])
def test_the_browser_gives_the_probabilities_of_the_card(
    open_draw: OpenDraw, manifest: dict[str, str], engine: str, model: str
) -> None:
    golden = json.loads((ROOT / "static/models" / model / "card.json").read_text())["golden"]
    assert golden
    # A second engine beside the page's own: TensorFlow.js remarks on it.
    answers: list[list[float]] = open_draw(errors_allowed=True).page.evaluate(
        """async ([url, model, golden]) => {
            const engine = await (await import(url)).open();
            const network = await engine.open(model);
            const answers = [];
            for (const { width, height, pixels } of golden) {
                const picture = Float32Array.from(atob(pixels), (byte) => byte.charCodeAt(0));
                answers.push([...(await network.read(picture, width, height)).probabilities]);
            }
            return answers;
        }""",
        [f"/static/dist/{manifest[f'{engine}.js']}", model, golden],
    )
    for answer, picture in zip(answers, golden, strict=True):
        # The weights were rounded before the card was written, so nothing is lost in the browser.
        assert answer == pytest.approx(picture["probabilities"], abs=FLOAT_TOLERANCE)


def without_webassembly(context: BrowserContext) -> None:
    context.add_init_script("delete globalThis.WebAssembly")


@pytest.mark.parametrize(
    "prepare",
    [without_webassembly, block(r"\.wasm$"), block(r"/robust\.plan-\w+\.json")],
    ids=["no WebAssembly", "blocked binary", "blocked plan"],
)
def test_without_wasm_plain_javascript_reads_and_says_so(open_draw: OpenDraw, prepare: Any) -> None:
    page = open_draw(prepare=prepare, errors_allowed=True)
    page.expect_engine("cpu")
    expect(page.status).to_contain_text("a slower engine reads")
    page.draw(SEVEN)
    page.expect_digit(7)


def built(route: Route) -> bytes:
    """The file that is asked for, from the disk: of the server it could not be had once the test has ended."""
    return (ROOT / urlsplit(route.request.url).path.lstrip("/")).read_bytes()


def test_a_proxy_that_loses_the_type_of_the_binary_costs_no_engine(open_draw: OpenDraw) -> None:
    def untyped(route: Route) -> None:
        route.fulfill(body=built(route), content_type="application/octet-stream")

    page = open_draw(prepare=lambda context: context.route(re.compile(r"\.wasm$"), untyped))
    page.expect_engine("wasm")
    page.draw(SEVEN)
    page.expect_digit(7)


@pytest.mark.parametrize("script", ["planned.js", "wasm.js"])
def test_a_network_whose_files_did_not_arrive_is_opened_when_they_do(
    open_draw: OpenDraw, manifest: dict[str, str], script: str
) -> None:
    page = open_draw(errors_allowed=True).page
    page.context.route(re.compile(r"/robust-\w+\.bin"), lambda route: route.abort(), times=1)
    opened = page.evaluate(
        """async (script) => {
            const engine = await (await import(script)).open('robust');
            const first = await engine.open('robust').then(() => 'opened', () => 'failed');
            return [first, await engine.open('robust').then(() => 'opened', ({ message }) => message)];
        }""",
        f"/static/dist/{manifest[script]}",
    )
    assert opened == ["failed", "opened"]


def answers_wrongly(golden: int) -> Callable[[BrowserContext], None]:
    """One golden answer, by its index, that no engine gives: every engine seems broken."""

    def swap(route: Route) -> None:
        graph = json.loads(built(route))
        graph["golden"][golden]["probabilities"].reverse()
        route.fulfill(json=graph)

    return lambda context: context.route(re.compile(r"/robust(\.plan)?-\w+\.json"), swap)


def cut_short(context: BrowserContext) -> None:
    context.route(re.compile(r"/robust-\w+\.bin"), lambda route: route.fulfill(body=built(route)[:1000]))


@pytest.mark.parametrize(
    "prepare",
    [answers_wrongly(0), answers_wrongly(-1), cut_short, block(r"/robust-\w+\.bin"), block(LOCAL)],
    ids=[
        "wrong first golden answer",
        "wrong last golden answer",
        "weights cut short",
        "blocked weights",
        "blocked scripts",
    ],
)
def test_where_no_engine_in_the_browser_works_the_server_answers(open_draw: OpenDraw, prepare: Any) -> None:
    page = open_draw(prepare=prepare, errors_allowed=True)
    page.expect_engine("server")
    expect(page.status).to_have_text("The browser can't run the network; the server answers instead.")
    page.draw(SEVEN)
    page.expect_digit(7)


def test_the_page_returns_to_the_browser_when_it_can(open_draw: OpenDraw) -> None:
    weights = re.compile(r"/robust-\w+\.bin")
    page = open_draw(prepare=block(weights.pattern), errors_allowed=True)
    page.expect_engine("server")
    page.draw(SEVEN)
    page.page.context.unroute(weights)
    # Where the weights come back between two attempts, the second of them has them first.
    expect(page.root).to_have_attribute("data-engine", re.compile("wasm|cpu"))
    page.expect_digit(7)


def test_with_the_server_gone_too_the_drawing_stays_and_is_read_later(open_draw: OpenDraw) -> None:
    everything = re.compile(r"/api/|" + LOCAL)
    page = open_draw(prepare=block(everything.pattern), errors_allowed=True, ready=False)
    page.expect_engine("none")
    expect(page.status).to_contain_text("Your drawing stays")
    page.draw(SEVEN)
    expect(page.answer).to_have_text("One moment…")
    page.page.context.unroute(everything)
    page.expect_digit(7)
    assert page.root.get_attribute("data-ready") == "true"


def test_the_server_may_go_while_it_is_being_asked(open_draw: OpenDraw) -> None:
    page = open_draw("?engine=server", errors_allowed=True)
    page.draw(AMERICAN[1])
    page.expect_digit(1)
    api = re.compile("/api/")
    page.page.context.route(api, lambda route: route.abort())
    page.button("clear").click()
    page.draw(SEVEN)
    page.expect_engine("none")
    expect(page.status).to_contain_text("server")
    page.page.context.unroute(api)
    page.expect_digit(7)


def test_what_the_server_read_before_it_went_is_no_answer_to_a_drawing_that_has_changed(open_draw: OpenDraw) -> None:
    page = open_draw("?engine=server", errors_allowed=True)
    page.draw([*AMERICAN[1], line((60, 230), (220, 230))])
    page.expect_something_read()
    expect(page.page.locator("#verdict-classic")).to_contain_text(re.compile(r"\d"))
    page.page.context.route(re.compile("/api/"), lambda route: route.abort())
    page.button("undo").click()
    page.expect_engine("none")
    expect(page.answer).to_have_text("One moment…")
    assert page.probabilities() == [0] * 10


def test_a_server_that_goes_while_something_better_is_tried_is_left_at_once(open_draw: OpenDraw) -> None:
    weights = re.compile(r"/robust-\w+\.bin")
    page = open_draw(prepare=block(weights.pattern), errors_allowed=True)
    page.expect_engine("server")
    with page.page.expect_request(weights):
        page.page.context.route(weights, lambda route: None)  # they never come
    page.page.context.route(re.compile("/api/"), lambda route: route.abort())
    page.draw(SEVEN)
    page.expect_engine("none")


def test_the_server_reads_for_a_browser_without_abort_signal_timeout(open_draw: OpenDraw) -> None:
    page = open_draw("?engine=server", prepare=lambda context: context.add_init_script("delete AbortSignal.timeout"))
    page.draw(SEVEN)
    page.expect_digit(7)


def test_a_server_that_never_answers_is_given_up(open_draw: OpenDraw) -> None:
    def prepare(context: BrowserContext) -> None:
        context.clock.install()
        context.route(re.compile("/api/"), lambda route: None)

    page = open_draw("?engine=server", prepare=prepare, errors_allowed=True, ready=False)
    expect(page.status).to_have_text("The network is loading. You can draw already.")
    page.page.wait_for_timeout(500)
    page.page.clock.fast_forward("00:06")
    expect(page.status).to_contain_text("“server” does not work here")


def test_a_late_answer_never_replaces_a_newer_state(open_draw: OpenDraw) -> None:
    page = open_draw("?engine=server")
    held: list[Route] = []
    page.page.context.route(re.compile("/api/"), lambda route: held.append(route))
    with page.page.expect_request(re.compile("/api/")):
        page.draw([AMERICAN[1][0][:3]])
    page.button("clear").click()
    with page.page.expect_response(re.compile("/api/")):
        held[0].continue_()
    page.page.wait_for_timeout(300)
    expect(page.answer).to_have_text("Nothing drawn yet")
    assert page.probabilities() == [0] * 10


def test_an_answer_to_a_drawing_that_was_erased_is_none_to_the_next_one(open_draw: OpenDraw) -> None:
    page = open_draw("?engine=server")
    held: list[Route] = []
    page.page.context.route(re.compile("/api/"), lambda route: held.append(route))
    with page.page.expect_request(re.compile("/api/")):
        page.draw(SEVEN)
    page.button("clear").click()
    page.draw([AMERICAN[1][0][:3]])
    with page.page.expect_response(re.compile("/api/")):
        held[0].continue_()
    page.page.wait_for_timeout(300)
    assert page.probabilities() == [0] * 10
    expect(page.answer).not_to_contain_text("7")


def test_an_unknown_or_impossible_engine_is_named(open_draw: OpenDraw) -> None:
    page = open_draw("?engine=abacus", ready=False)
    expect(page.status).to_contain_text("abacus")
    page.expect_engine("none")
    page = open_draw("?engine=wasm", prepare=without_webassembly, ready=False, errors_allowed=True)
    expect(page.status).to_contain_text("wasm")
    page.expect_engine("none")


COMPLETE_LATE = """
    Object.defineProperty(document, 'readyState', { get: () => 'loading' });
    setTimeout(() => document.dispatchEvent(new Event('DOMContentLoaded')), 1000);
"""
"""A page that is long in coming: its script has long tried all engines when it is complete."""


def test_what_was_found_before_the_page_is_complete_is_told(open_draw: OpenDraw) -> None:
    open_draw(prepare=lambda context: context.add_init_script(COMPLETE_LATE))
    page = open_draw("?engine=abacus", ready=False, prepare=lambda context: context.add_init_script(COMPLETE_LATE))
    expect(page.status).to_contain_text("abacus")


@pytest.mark.parametrize("engine", ["wasm", "cpu"])
def test_a_thousand_strokes_leave_no_tensors_and_no_drawing_behind(open_draw: OpenDraw, engine: str) -> None:
    """On wasm the binary's memory cannot grow: with a matrix left behind by every reading, there would be none soon."""
    page = open_draw(f"?engine={engine}")
    page.draw(SEVEN)
    page.expect_digit(7)
    expect(page.page.locator("#verdict-classic")).to_contain_text(re.compile(r"\d"))
    tensors = "globalThis._tfengine?.backend.numDataIds()"
    before = page.page.workers[0].evaluate(tensors)
    # As fast as the networks read: drawn with events, for a mouse would take minutes.
    page.page.evaluate(
        """async () => {
            const pad = document.getElementById('pad');
            const { left, top, width } = pad.getBoundingClientRect();
            const send = (type, x, y) => pad.dispatchEvent(new PointerEvent(type, {
                pointerId: 1, pointerType: 'mouse', clientX: left + x * width, clientY: top + y * width, button: 0,
            }));
            pad.setPointerCapture = () => {}; // knows real pointers only
            for (let stroke = 0; stroke < 1000; stroke++) {
                send('pointerdown', 0.3, 0.3);
                send('pointerrawupdate', 0.3 + 0.4 * Math.sin(stroke) ** 2, 0.7);
                send('pointerup', 0.7, 0.7);
                if (stroke % 20 === 0) document.getElementById('clear').click();
                if (stroke % 5 === 0) await new Promise(requestAnimationFrame);
            }
            document.getElementById('clear').click();
        }"""
    )
    page.draw(SEVEN)
    page.expect_digit(7)
    page.expect_engine(engine)
    page.page.wait_for_timeout(300)
    assert page.page.workers[0].evaluate(tensors) == before
    assert (before is None) == (engine == "wasm")


def test_networks_that_are_chosen_to_and_fro_leave_no_tensors_behind(open_inside: OpenInside) -> None:
    page = open_inside()
    page.draw(SEVEN)

    def tensors_with(name: str) -> int:
        page.page.locator(f"#model-{name}").check()
        page.page.wait_for_function("(name) => window.reading.network.name === name", arg=name)
        page.settle()
        count: int = page.page.evaluate("_tfengine.backend.numDataIds()")
        return count

    both = tensors_with("classic")
    for name in ("robust", "classic", "robust"):
        assert tensors_with(name) == both > 0


def test_a_broken_worker_takes_its_network_along_until_the_next_stroke_and_no_other(open_draw: OpenDraw) -> None:
    page = open_draw(errors_allowed=True)
    page.draw(SEVEN)
    classic = page.page.locator("#verdict-classic")
    expect(classic).to_have_text("7")
    page.page.workers[0].evaluate("() => { setTimeout(() => { throw new Error('broken') }) }")
    page.button("clear").click()
    page.draw(SEVEN)
    page.expect_digit(7)
    page.button("clear").click()
    page.draw(SEVEN)
    expect(classic).to_have_text("7")


COUNT_READINGS = """
    const { instantiate } = WebAssembly;
    globalThis.readings = 0;
    WebAssembly.instantiate = async (...what) => {
        const { exports } = await instantiate(...what);
        const Softmax = (...args) => {
            readings++;
            exports.Softmax(...args);
        };
        return { exports: { ...exports, Softmax } };
    };
"""
"""Of the page itself: a worker does not get this script."""


def test_a_page_that_is_held_up_by_reading_goes_on_in_a_worker(open_draw: OpenDraw) -> None:
    page = open_draw("?engine=wasm", prepare=lambda context: context.add_init_script(COUNT_READINGS))
    page.draw(SEVEN)
    page.expect_digit(7)
    session = page.page.context.new_cdp_session(page.page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 20})
    page.button("clear").click()
    page.draw(SEVEN)
    page.expect_digit(7)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    assert page.page.evaluate("readings") > 0

    def reads_elsewhere() -> bool:
        before = page.page.evaluate("readings")
        page.button("clear").click()
        page.draw(THREE)
        page.expect_digit(3)
        return page.page.evaluate("readings") == before

    until(reads_elsewhere)  # the worker takes its time to start
    page.expect_engine("wasm")


def test_the_measures_of_the_design_are_there(open_draw: OpenDraw) -> None:
    page = open_draw()
    page.draw(SEVEN)
    page.expect_digit(7)
    assert page.page.evaluate("performance.getEntriesByName('digits:ready', 'mark').length") == 1
    durations = page.page.evaluate(
        "performance.getEntriesByName('digits:stroke', 'measure').map(({ duration }) => duration)"
    )
    assert durations
    assert all(0 < duration < 60_000 for duration in durations)


def test_the_page_stays_within_its_budget_of_bytes(open_draw: OpenDraw) -> None:
    bodies: dict[str, bytes] = {}
    page = open_draw(
        prepare=lambda context: context.on("response", lambda response: bodies.update({response.url: response.body()}))
    )
    page.expect_engine("wasm")
    sizes = {url: len(gzip.compress(body, 9)) for url, body in bodies.items()}
    assert sum(size for url, size in sizes.items() if url.endswith(".js")) <= 90_000
    assert sum(sizes.values()) <= 400_000


def test_the_build_registers_the_kernels_that_the_graphs_call_and_no_others(
    browser: Browser, start_server: Callable[..., LiveServer], tmp_path: Path
) -> None:
    """A graph that needs one more gets it by building again; without that, the parity tests above fail."""
    models = shutil.copytree(ROOT / "static/models", tmp_path / "models")
    graph = json.loads((models / "robust/model.json").read_text())
    activation = next(node for node in graph["modelTopology"]["node"] if node["op"] == "Relu")
    activation["op"] = "Sin"
    (models / "robust/model.json").write_text(json.dumps(graph))
    card = json.loads((models / "robust/card.json").read_text())
    (models / "robust/card.json").write_text(json.dumps({**card, "golden_tolerance": 1}))  # its answers are others now
    node = shutil.which("node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert node
    build = [node, "static/build.mjs", "--models", str(models), "--out", str(tmp_path / "dist")]
    subprocess.run(build, cwd=ROOT, check=True)

    def registered(dist: Path) -> set[str]:
        page = browser.new_page()
        page.goto(f"{start_server(DIGITS_DIST=str(dist)).url}/offline")
        script = json.loads((dist / "manifest.json").read_text())["wasm.js"]
        names: list[str] = page.evaluate(
            "async (script) => { await import(script); return [..._tfGlobals.get('kernelRegistry').keys()] }",
            f"/static/dist/{script}",
        )
        page.close()
        return {name.removeprefix("wasm_") for name in names}

    ours = registered(ROOT / "static/dist")
    assert {"Relu", "Cast"} < ours
    assert len(ours) < 60, "TensorFlow.js has 157 for wasm"
    assert registered(tmp_path / "dist") == ours | {"Sin"}
