"""What the server holds, against the seed's network behind Flask.

All are asked from one address, so the limit per address is set out of reach: it is counted, but never met.
"""

import base64
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

import numpy as np
from PIL import Image

from server.recognizer import ROBUST, Recognizer
from server.recognizer import load as load_models
from server.settings import ROOT
from tests.bench.figures import megabytes
from tests.bench.load import Load, drive
from tests.bench.measures import Bench, Curve, Row, Target, measure
from tests.live import LiveServer
from tests.pictures import encode
from train.penmanship import Tool, draw, write

CLIENTS = 64
PAGE_SIDE = 140
"""Pixels of the picture that the drawing page sends where its browser cannot run the network."""
UNLIMITED = {"DIGITS_PREDICT_RATE": str(10**9), "DIGITS_LOG": "warning"}
PEERS = {"function": "Flask, compiled tf.function", "predict": "Flask, Keras model.predict"}
TARGETS = {"function": 1.5, "predict": 50}


def picture(side: int) -> np.ndarray:
    """A drawn 3, grey [side, side], dark ink on white."""
    rng = np.random.default_rng(2)
    ink = draw(write(3, rng), Tool("pen", 0.08), side, rng)
    return np.round(255 * (1 - ink)).astype(np.uint8)


def as_page(side: int = PAGE_SIDE) -> tuple[bytes, str]:
    """A picture as the drawing page sends it: body and content type."""
    pixels = base64.b64encode(picture(side).tobytes()).decode()
    return json.dumps({"width": side, "height": side, "pixels": pixels}).encode(), "application/json"


def as_file(side: int = PAGE_SIDE) -> tuple[bytes, str]:
    """A picture as a PNG in a form, with the four channels that canvases write."""
    head = b'--b\r\nContent-Disposition: form-data; name="picture"; filename="3.png"\r\n\r\n'
    file = encode(Image.fromarray(picture(side)).convert("RGBA"))
    return head + file + b"\r\n--b--\r\n", "multipart/form-data; boundary=b"


@contextmanager
def our_server() -> Iterator[str]:
    """The address of our server."""
    server = LiveServer(**UNLIMITED)
    try:
        yield f"{server.url}/api/predict"
    finally:
        server.stop()


@contextmanager
def peer_server(kind: str) -> Iterator[str]:
    """The address of the seed's network behind Flask."""
    command = [sys.executable, "-m", "tests.bench.peers.server", kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        try:
            yield f"{process.stdout.readline().split()[-1]}/api/predict"
        finally:
            process.kill()


@measure
def predictions(bench: Bench) -> Iterator[Row]:
    """Predictions a second at 64 keep-alive clients, and their 95th percentile, against both peers."""
    seconds, runs = bench.choose(full=6.0, quick=2.0), bench.choose(full=5, quick=1)
    for form, (body, content_type) in {"as the page sends": as_page(), "as a PNG file": as_file()}.items():
        ours: list[Load] = []
        peers: dict[str, list[Load]] = {kind: [] for kind in PEERS}

        def ask(url: str, body=body, content_type=content_type, seconds=seconds) -> Load:
            drive(url, CLIENTS, body, content_type, requests=2 * CLIENTS)  # warms up
            return drive(url, CLIENTS, body, content_type, seconds=seconds)

        with our_server() as url, peer_server("function") as function, peer_server("predict") as predict:
            for _ in range(runs):  # in turn, so that what disturbs one disturbs all
                ours.append(ask(url))
                peers["function"].append(ask(function))
                peers["predict"].append(ask(predict))
        for kind, name in PEERS.items():
            yield Row(
                f"predictions, {CLIENTS} clients, picture {form}",
                "/s",
                [load.rate for load in ours],
                [load.rate for load in peers[kind]],
                name,
                Target(TARGETS[kind], of_reference=True, at_least=True),
            )
        yield Row(
            f"the same, 95th percentile, picture {form}",
            "ms",
            [load.p95_ms for load in ours],
            [load.p95_ms for load in peers["function"]],
            PEERS["function"],
            Target(50),
        )


@measure
def inference(bench: Bench) -> Iterator[Row]:
    """LiteRT alone: one picture of 280x280 pixels on one core."""
    greys = picture(280).astype(np.float32)
    for name, recognizer in load_models(ROOT / "static/models").items():
        times = [_milliseconds(recognizer, greys) for _ in range(bench.choose(full=1000, quick=100))]
        target = Target(0.3) if name == ROBUST else None
        yield Row(f"LiteRT, one picture of 280x280, {name}, median", "ms", [median(times)], target=target)


def _milliseconds(recognizer: Recognizer, greys: np.ndarray) -> float:
    begun = time.perf_counter()
    recognizer.recognize(greys)
    return 1000 * (time.perf_counter() - begun)


@measure
def memory(bench: Bench) -> Iterator[Row]:
    """Memory of the server and its processes after 100,000 predictions, against that after 1,000."""
    early, late = bench.choose(full=(1_000, 100_000), quick=(200, 1_000))
    # Both ways in, so that the processes that read files are counted too.
    bodies = [as_page(), as_file()]
    server = LiveServer(**UNLIMITED)
    try:
        sizes = []
        for count in (early, late - early):
            for body, content_type in bodies:
                drive(f"{server.url}/api/predict", CLIENTS, body, content_type, requests=count // len(bodies))
            sizes.append(megabytes(server.process.pid))
    finally:
        server.stop()
    name = f"itself after {early:,}"
    yield Row(f"memory after {late:,} predictions", "MB", sizes[1:], sizes[:1], name, Target(1.1, of_reference=True))


@measure
def growth(bench: Bench) -> Iterator[Curve]:
    """How predictions a second and their time change with clients and with the picture's size."""
    seconds = bench.choose(full=4.0, quick=1.0)
    clients = [1, 2, 4, 8, 16, 32, 64, 128, 256]
    sides = [28, 70, 140, 280, 560, 1024]
    with our_server() as url:
        by_clients = [drive(url, count, *as_page(), seconds=seconds) for count in clients]
        by_side = [drive(url, 1, *as_page(side), seconds=seconds / 2) for side in sides]
    for name, values in {
        "median": [load.p50_ms for load in by_clients],
        "95th percentile": [load.p95_ms for load in by_clients],
    }.items():
        yield Curve("time of an answer by clients", name, "clients", "ms", clients, values)
    rates = [load.rate for load in by_clients]
    yield Curve("predictions a second by clients", "server", "clients", "/s", clients, rates)
    times = [load.p50_ms for load in by_side]
    yield Curve("time of an answer by the picture's size", "server", "side of the picture, pixels", "ms", sides, times)
