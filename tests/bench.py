"""Measures the page and the server as users meet them: `python -m tests.bench` (or `make bench`).

Prints a table and writes docs/bench.json. Times depend on the machine and on what else it does; each is the median
of several runs, with the 95th percentile or the range beside it. Nothing here is asserted by a test.
"""

import gzip
import http.client
import json
import os
import platform
import statistics
import threading
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import find
from tests.e2e.conftest import ARGUMENTS
from tests.e2e.draw_page import PAD_SIZE, DrawPage
from tests.live import LiveServer
from tests.pictures import encode
from train.penmanship import Tool, draw, write

ROOT = Path(__file__).resolve().parent.parent
STARTS, LOADS, DIGITS, SECONDS, CLIENTS = 5, 7, 20, 5.0, 16


def percentile(values: list[float], share: float) -> float:
    """The value under which `share` of the values lie."""
    return float(np.percentile(values, 100 * share))


def server_start() -> dict[str, Any]:
    """Seconds from the command to the ready line, the model checked."""
    times = []
    for _ in range(STARTS):
        begun = time.perf_counter()
        server = LiveServer()
        times.append(time.perf_counter() - begun)
        server.stop()
    return {"median_s": statistics.median(times), "worst_s": max(times)}


def page_load(browser: Browser, url: str) -> dict[str, Any]:
    """Milliseconds from navigation to `digits:ready` with an empty cache, on wasm; bytes over the wire, gzip."""
    times: list[float] = []
    sizes: dict[str, tuple[int, int]] = {}

    def keep(response) -> None:
        body = response.body()
        sizes[response.url] = len(body), len(gzip.compress(body, 9))

    for run in range(LOADS):
        context = browser.new_context()
        page = context.new_page()
        if not run:
            page.on("response", keep)
        page.goto(f"{url}/?engine=wasm")
        page.wait_for_selector("html[data-ready=true]")
        if run:  # the first fills the disk cache of the machine
            times.append(page.evaluate("performance.getEntriesByName('digits:ready')[0].startTime"))
        context.close()
    scripts = sum(packed for address, (_, packed) in sizes.items() if address.endswith(".js"))
    return {
        "median_ms": statistics.median(times),
        "worst_ms": max(times),
        "files": len(sizes),
        "bytes": sum(plain for plain, _ in sizes.values()),
        "bytes_gzip": sum(packed for _, packed in sizes.values()),
        "bytes_gzip_js": scripts,
    }


def strokes_of(page: Page) -> list[float]:
    """Durations of `digits:stroke`, pointer event to painted bars, in milliseconds."""
    return page.evaluate("performance.getEntriesByName('digits:stroke').map((entry) => entry.duration)")


def pen_to_bars(browser: Browser, url: str) -> dict[str, Any]:
    """Milliseconds from a pointer event to painted bars while digits are drawn with the mouse, on wasm."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(f"{url}/?engine=wasm")
    page.wait_for_selector("html[data-ready=true]")
    pad = DrawPage(page)
    rng = np.random.default_rng(1)
    for digit in range(DIGITS):
        strokes = [PAD_SIZE * (0.5 + 0.7 * points) for points in write(digit % 10, rng)]
        pad.draw([[tuple(point) for point in stroke] for stroke in strokes])
        pad.button("clear").click()
    durations = strokes_of(page)
    context.close()
    return {
        "n": len(durations),
        "median_ms": statistics.median(durations),
        "p95_ms": percentile(durations, 0.95),
    }


def predictions(url: str, clients: int) -> dict[str, Any]:
    """Predictions per second of a 280x280 PNG over keep-alive connections, and their time."""
    rng = np.random.default_rng(2)
    ink = draw(write(3, rng), Tool("pen", 0.08), PAD_SIZE, rng)
    picture = encode(np.round(255 * (1 - ink)).astype(np.uint8))
    body = (
        b'--b\r\nContent-Disposition: form-data; name="picture"; filename="3.png"\r\n\r\n' + picture + b"\r\n--b--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    times: list[float] = []
    end = time.perf_counter() + SECONDS

    def client() -> None:
        connection = http.client.HTTPConnection(urlsplit(url).netloc)
        while time.perf_counter() < end:
            begun = time.perf_counter()
            connection.request("POST", "/api/predict", body, headers)
            response = connection.getresponse()
            answer = response.read()
            assert response.status == 200, answer
            times.append(time.perf_counter() - begun)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {
        "clients": clients,
        "per_second": len(times) / SECONDS,
        "median_ms": 1000 * statistics.median(times),
        "p95_ms": 1000 * percentile(times, 0.95),
    }


def main() -> None:
    """Measure, print and write everything."""
    result: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before",
        "python": platform.python_version(),
        "litert": version("ai-edge-litert"),
        "server start": server_start(),
    }
    server = LiveServer()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
            result["browser"] = f"Chromium {browser.version}"
            result["cold load"] = page_load(browser, server.url)
            result["pen to bars"] = pen_to_bars(browser, server.url)
            browser.close()
        result["predictions, 1 client"] = predictions(server.url, 1)
        result[f"predictions, {CLIENTS} clients"] = predictions(server.url, CLIENTS)
    finally:
        server.stop()
    for name, figures in result.items():
        if isinstance(figures, dict):
            for key, value in figures.items():
                figures[key] = round(value, 3) if value < 10 else round(value, 1) if value < 1000 else round(value)
            words = ", ".join(f"{key} {value:,}" for key, value in figures.items())
        else:
            words = figures
        print(f"{name:26} {words}")
    (ROOT / "docs/bench.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
