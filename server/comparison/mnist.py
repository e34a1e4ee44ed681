"""MNIST to compare with: how its digits are drawn, and the training examples nearest to a picture.

The file is the one that MNIST_NPZ names, else Keras's own copy, which is downloaded once.
"""

import hashlib
import os
import threading
import urllib.request
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.comparison.shape import Shape, measure

URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
CACHE = Path(".keras/datasets/mnist.npz")
"""Under the home directory, where Keras looks as well."""
DOWNLOAD_SECONDS = 30
MEASURED = 10_000
"""As many digits as are measured for the percentiles; more would only take longer."""


class Mnist:
    """The training set of MNIST.

    Args:
        pictures: uint8 [n, 28, 28], ink 0..255.
        labels: [n], 0..9.
    """

    def __init__(self, pictures: NDArray[np.uint8], labels: NDArray[np.uint8]) -> None:
        self._of_digit = {digit: pictures[labels == digit].reshape(-1, 28 * 28) for digit in range(10)}
        ink = pictures[:MEASURED].astype(np.float32) / 255
        self._sorted = Shape(*map(np.sort, measure(ink, ink)))

    def percentiles(self, shape: Shape) -> dict[str, float]:
        """Of one digit's measures, the share in percent of MNIST's digits that have a smaller value."""
        return {
            name: 100 * float(np.searchsorted(values, value) / len(values))
            for name, values, [value] in zip(Shape._fields, self._sorted, shape, strict=True)
        }

    def nearest(self, normalized: NDArray[np.float32], digit: int, count: int = 3) -> NDArray[np.uint8]:
        """The training examples of a digit with the smallest Euclidean distance, uint8 [count, 28, 28]."""
        examples = self._of_digit[digit].astype(np.float32)
        distances = (examples**2).sum(axis=1) - 2 * examples @ (255 * normalized.reshape(-1))
        nearest: NDArray[np.uint8] = self._of_digit[digit][np.argsort(distances)[:count]]
        return nearest.reshape(-1, 28, 28)


class Loading:
    """MNIST, loaded once in the background when it is first asked for."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._mnist: Mnist | None = None

    def get(self, seconds: float = 0) -> Mnist | None:
        """MNIST, or None where it is not there within so many seconds; it then goes on loading."""
        with self._lock:
            if self._mnist is None and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._load, name="mnist", daemon=True)
                self._thread.start()
            thread = self._thread
        if thread and seconds:
            thread.join(seconds)
        return self._mnist

    def _load(self) -> None:
        named = self._environ.get("MNIST_NPZ")
        path = Path(named) if named else Path.home() / CACHE
        try:
            if not named and not path.exists():
                download(URL, path)
            with np.load(path, allow_pickle=False) as arrays:
                self._mnist = Mnist(arrays["x_train"], arrays["y_train"])
        # No file, no network, a damaged file: the report then does without, and says so.
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return


def download(url: str, path: Path, sha256: str = SHA256) -> None:
    """Get a file once.

    Raises:
        OSError: no network, or it is not the file that it should be.
    """
    with urllib.request.urlopen(url, timeout=DOWNLOAD_SECONDS) as answer:
        data = answer.read()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise OSError(f"{url} is not the file that it should be")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_bytes(data)
    part.replace(path)
