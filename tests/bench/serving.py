"""What the server holds."""

import http.client
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import numpy as np

from tests.bench.measures import Bench, Row, measure, percentile
from tests.e2e.draw_page import PAD_SIZE
from tests.pictures import encode
from train.penmanship import Tool, draw, write


@measure
def predictions(bench: Bench) -> Iterator[Row]:
    """Predictions of a 280x280 PNG over keep-alive connections."""
    for clients in (1, 16):
        rate, times = load(bench.server.url, clients, bench.choose(full=5.0, quick=1.0))
        yield Row(f"predictions, {clients} clients", "/s", [rate])
        yield Row(f"predictions, {clients} clients, 95th percentile", "ms", [1000 * percentile(times, 0.95)])


def load(url: str, clients: int, seconds: float) -> tuple[float, list[float]]:
    """Ask from `clients` connections at once; return answers per second, and seconds of each."""
    rng = np.random.default_rng(2)
    ink = draw(write(3, rng), Tool("pen", 0.08), PAD_SIZE, rng)
    picture = encode(np.round(255 * (1 - ink)).astype(np.uint8))
    body = (
        b'--b\r\nContent-Disposition: form-data; name="picture"; filename="3.png"\r\n\r\n' + picture + b"\r\n--b--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    times: list[float] = []
    end = time.perf_counter() + seconds

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
    return len(times) / seconds, times
