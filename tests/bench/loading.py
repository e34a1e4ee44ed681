"""What the drawing page costs before its first answer, against the same with all of TensorFlow.js."""

import gzip
from collections.abc import Iterator
from statistics import median

from playwright.sync_api import Response

from tests.bench.measures import Bench, Row, Target, measure
from tests.bench.peers import page as peer

BACKENDS = ("webgl", "cpu")
"""Those in tf.min.js; without a GPU either can be the faster one."""
PHONE: dict[str, float] = {
    "offline": False,
    "latency": 165,
    "downloadThroughput": 1_012_500,
    "uploadThroughput": 168_750,
}
"""A phone's network as Chromium's developer tools emulate it ("Fast 4G"): 9 Mbit/s less a tenth, 165 ms an answer."""


@measure
def page_load(bench: Bench) -> Iterator[Row]:
    """From navigation to a correct first prediction with an empty cache, ours on wasm; bytes over the wire, gzip."""
    runs = bench.choose(full=8, quick=2)
    our_page = f"{bench.server.url}/?engine=wasm", "html[data-ready=true]", "digits:ready", runs
    ours, our_bytes = _load(bench, *our_page)
    with peer.serve() as url:

        def peer_page(backend: str) -> tuple[str, str, str, int]:
            return f"{url}/?backend={backend}", f"html[data-digit='{peer.DIGIT}']", "ready", runs

        peers = {name: _load(bench, *peer_page(name)) for name in BACKENDS}
        backend = min(peers, key=lambda name: median(peers[name][0]))
        theirs, their_bytes = peers[backend]
        our_phone, their_phone = (_load(bench, *page, PHONE)[0] for page in (our_page, peer_page(backend)))
    name = f"tf.min.js, {backend}, the faster of {' and '.join(BACKENDS)}"
    size = _kilobytes(our_bytes)
    yield Row("bytes to the first prediction, gzip", "kB", [size], [_kilobytes(their_bytes)], name, Target(400))
    onnx = len(gzip.compress(peer.ONNX_RUNTIME.read_bytes(), 9)) / 1000
    yield Row("the same, against a runtime's wasm alone", "kB", [size], [onnx], "ONNX Runtime Web, gzip")
    scripts, their_scripts = (_kilobytes(sizes, ".js") for sizes in (our_bytes, their_bytes))
    yield Row("JavaScript of the drawing page, gzip", "kB", [scripts], [their_scripts], "tf.min.js", Target(90))
    yield Row("cold load to a first prediction", "ms", ours, theirs, name, Target(1 / 3, of_reference=True))
    yield Row("the same, over a phone's network", "ms", our_phone, their_phone, name, Target(1 / 3, of_reference=True))


def _load(
    bench: Bench, url: str, ready: str, mark: str, runs: int, network: dict[str, float] | None = None
) -> tuple[list[float], dict[str, int]]:
    """Milliseconds of each run until the page set `mark`, and bytes by address, gzip."""
    times: list[float] = []
    responses: list[Response] = []
    for run in range(runs + 1):
        page = bench.open_page()
        if not run:
            page.on("response", lambda response: responses.append(response))  # Playwright marks what it calls
        if network:
            page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", network)
        page.goto(url)
        page.wait_for_selector(ready)
        if run:  # the first fills the disk cache of the machine
            times.append(page.evaluate("(name) => performance.getEntriesByName(name)[0].startTime", mark))
        else:
            loaded = list(responses)  # and not what comes while their bodies are fetched
            sizes = {each.url.partition("?")[0]: len(gzip.compress(each.body(), 9)) for each in loaded}
        page.context.close()
    return times, sizes


def _kilobytes(sizes: dict[str, int], ending: str = "") -> float:
    return sum(size for address, size in sizes.items() if address.endswith(ending)) / 1000
