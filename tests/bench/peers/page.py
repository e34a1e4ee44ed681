"""The reference page: `tf.min.js` and the seed's network in float32, built into the git-ignored folder .bench/."""

import gzip
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from mimetypes import guess_type
from pathlib import Path

import waitress
from flask import Flask, Response, abort

from server.settings import ROOT
from train import MODELS

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
    lock = HERE / "package-lock.json"
    installed = FOLDER / lock.name
    if not (PACKAGES / ".package-lock.json").exists() or installed.read_bytes() != lock.read_bytes():
        for path in (HERE / "package.json", lock, ROOT / ".npmrc"):
            shutil.copy(path, FOLDER)
        npm = shutil.which("npm", path=str(Path(sys.executable).parent)) or "npm"
        subprocess.run([npm, "ci"], cwd=FOLDER, check=True)
    model = PAGE / "model.json"
    if not model.exists() or model.stat().st_mtime < (MODELS / "classic/model.json").stat().st_mtime:
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


@contextmanager
def serve() -> Iterator[str]:
    """Build the page and serve it as a host of static files would, gzipped and from memory; its address."""
    build()
    files = {path.name: gzip.compress(path.read_bytes(), 9) for path in PAGE.iterdir()}
    app = Flask(__name__, static_folder=None)

    @app.get("/")
    @app.get("/<name>")
    def file(name: str = "index.html") -> Response:
        if name not in files:
            abort(404)  # browsers ask for favicon.ico
        kind = guess_type(name)[0] or "application/octet-stream"
        return Response(files[name], mimetype=kind, headers={"Content-Encoding": "gzip"})

    server = waitress.create_server(app, host="127.0.0.1", port=0)
    threading.Thread(target=server.run, daemon=True).start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()


if __name__ == "__main__":
    convert()
