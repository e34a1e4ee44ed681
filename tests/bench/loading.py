"""What the drawing page costs before its first answer."""

import gzip
from collections.abc import Iterator

from playwright.sync_api import Response

from tests.bench.measures import Bench, Row, Target, measure


@measure
def page_load(bench: Bench) -> Iterator[Row]:
    """From navigation to `digits:ready` with an empty cache, on wasm; bytes over the wire, gzip."""
    times: list[float] = []
    sizes: dict[str, int] = {}

    def keep(response: Response) -> None:
        sizes[response.url] = len(gzip.compress(response.body(), 9))

    for run in range(bench.choose(full=8, quick=3)):
        context = bench.browser.new_context()
        page = context.new_page()
        if not run:
            page.on("response", keep)
        page.goto(f"{bench.server.url}/?engine=wasm")
        page.wait_for_selector("html[data-ready=true]")
        if run:  # the first fills the disk cache of the machine
            times.append(page.evaluate("performance.getEntriesByName('digits:ready')[0].startTime"))
        context.close()
    scripts = sum(size for address, size in sizes.items() if address.endswith(".js"))
    yield Row("bytes to the first prediction, gzip", "kB", [sum(sizes.values()) / 1000], target=Target(400))
    yield Row("JavaScript of the drawing page, gzip", "kB", [scripts / 1000], target=Target(90))
    yield Row("cold load to ready on wasm", "ms", times)
