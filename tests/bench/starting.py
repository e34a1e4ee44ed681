"""How soon the server answers."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

from tests.bench.measures import Bench, Row, Target, measure
from tests.bench.serving import as_page
from tests.live import LiveServer


@measure
def server_start(bench: Bench) -> Iterator[Row]:
    """From the command to the first prediction, against the bare import of TensorFlow in the same Python."""
    ours, imports = [], []
    for _ in range(bench.choose(full=7, quick=2)):
        ours.append(_seconds(_answer))
        imports.append(_seconds(_import_tensorflow))
    target = Target(1 / 5, of_reference=True)
    yield Row("server start to first answer", "s", ours, imports, "import tensorflow", target)


def _seconds(action) -> float:
    begun = time.perf_counter()
    ended = action()
    return (ended or time.perf_counter()) - begun


def _answer() -> float:
    server = LiveServer()
    body, content_type = as_page()
    request = urllib.request.Request(f"{server.url}/api/predict", body, {"Content-Type": content_type})
    with urllib.request.urlopen(request) as response:
        response.read()
    ended = time.perf_counter()
    server.stop()
    return ended


def _import_tensorflow() -> None:
    subprocess.run([sys.executable, "-c", "import tensorflow"], check=True, stderr=subprocess.DEVNULL)
