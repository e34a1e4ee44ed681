"""The reference page: `tf.min.js` and the seed's network in float32, built into the git-ignored folder .bench/."""

import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from server.settings import ROOT

FOLDER = ROOT / ".bench"
PAGE = FOLDER / "page"
PACKAGES = FOLDER / "node_modules"
ONNX_RUNTIME = PACKAGES / "onnxruntime-web/dist/ort-wasm-simd-threaded.wasm"
DIGIT = "1"
"""What is drawn on the page's canvas."""
HERE = Path(__file__).parent


def build() -> None:
    """Fetch the packages from the npm registry and convert the network, where that is not done yet."""
    FOLDER.mkdir(exist_ok=True)
    if not PACKAGES.exists():
        for path in (HERE / "package.json", HERE / "package-lock.json", ROOT / ".npmrc"):
            shutil.copy(path, FOLDER)
        npm = shutil.which("npm", path=str(Path(sys.executable).parent)) or "npm"
        subprocess.run([npm, "ci"], cwd=FOLDER, check=True)
    if not (PAGE / "model.json").exists():
        # In a process of its own: the converter leaves TensorFlow and half a gigabyte behind.
        command = [sys.executable, "-m", "tests.bench.peers.page"]
        subprocess.run(command, cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
    shutil.copy(HERE / "page.html", PAGE / "index.html")
    shutil.copy(PACKAGES / "@tensorflow/tfjs/dist/tf.min.js", PAGE)


def convert() -> None:
    """Write the seed's network as a float32 graph model."""
    from tests.bench.peers import seed
    from train.export import _quiet, _tensorflowjs

    PAGE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as saved, _quiet():
        seed.network().export(saved, verbose=False)
        _tensorflowjs().converters.tf_saved_model_conversion_v2.convert_tf_saved_model(saved, str(PAGE))


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_) -> None:
        pass


@contextmanager
def serve() -> Iterator[str]:
    """Build the page and serve it; its address."""
    build()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=PAGE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


if __name__ == "__main__":
    convert()
