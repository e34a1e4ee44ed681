"""How soon the server answers."""

import time
from collections.abc import Iterator

from tests.bench.measures import Bench, Row, measure
from tests.live import LiveServer


@measure
def server_start(bench: Bench) -> Iterator[Row]:
    """From the command to the ready line, the model checked."""
    times = []
    for _ in range(bench.choose(full=7, quick=2)):
        begun = time.perf_counter()
        server = LiveServer()
        times.append(time.perf_counter() - begun)
        server.stop()
    yield Row("server start to ready", "s", times)
