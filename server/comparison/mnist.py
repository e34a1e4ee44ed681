"""MNIST to compare with: how its digits are drawn, the training examples nearest to a picture, and its test set.

The file is the one that MNIST_NPZ names, else Keras's own copy, which is downloaded once.
"""

import hashlib
import logging
import os
import threading
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.comparison.figures import Figures, of_card
from server.comparison.shape import Shape, measure
from server.recognizer import Recognizer

URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
CACHE = Path(".keras/datasets/mnist.npz")
"""Under the home directory, where Keras looks as well."""
DOWNLOAD_SECONDS = 30
MEASURED = 10_000
"""As many digits as are measured for the percentiles; more would only take longer."""
CHUNK = 1_000
"""Digits measured at once: ten thousand would take 300 MB for a moment."""
DISK_SECONDS = 5
"""How long MNIST is waited for while it is read from the disk, which takes a second."""


class Mnist:
    """The training set of MNIST.

    Args:
        pictures: uint8 [n, 28, 28], ink 0..255.
        labels: [n], 0..9.
    """

    def __init__(self, pictures: NDArray[np.uint8], labels: NDArray[np.uint8]) -> None:
        self._of_digit = {digit: pictures[labels == digit].reshape(-1, 28 * 28) for digit in range(10)}
        self._squares = {digit: _squares(examples) for digit, examples in self._of_digit.items()}
        parts = [_measured(pictures[at : at + CHUNK]) for at in range(0, min(len(pictures), MEASURED), CHUNK)]
        self._sorted = Shape(*(np.sort(np.concatenate(measures)) for measures in zip(*parts, strict=True)))

    def percentiles(self, shape: Shape) -> dict[str, float]:
        """Of one digit's measures, the share in percent of MNIST's digits that have a smaller value."""
        return {
            name: 100 * float(np.searchsorted(values, value) / len(values))
            for name, values, [value] in zip(Shape._fields, self._sorted, shape, strict=True)
        }

    def nearest(self, normalized: NDArray[np.float32], digit: int, count: int = 3) -> NDArray[np.uint8]:
        """The training examples of a digit with the smallest Euclidean distance, uint8 [count, 28, 28]."""
        examples, ink = self._of_digit[digit], 255 * normalized.reshape(-1)
        # Not `@`: BLAS would copy all examples as floats first, and set its threads against those that read.
        products = np.einsum("ij,j->i", examples, ink, dtype=np.float32)
        distances = self._squares[digit] - 2 * products  # less the square of `ink`, the same for all
        nearest: NDArray[np.uint8] = examples[np.argsort(distances)[:count]]
        return nearest.reshape(-1, 28, 28)


def _measured(pictures: NDArray[np.uint8]) -> Shape:
    ink = pictures.astype(np.float32) / 255
    return measure(ink, ink)


def _squares(examples: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Sum of squares of each row."""
    squares: NDArray[np.float32] = np.einsum("ij,ij->i", examples, examples, dtype=np.float32)
    return squares


class Loading:
    """MNIST, loaded once in the background when it is first asked for, and what the networks read of its test set.

    Where loading fails it is tried again when it is next asked for.
    """

    def __init__(self, recognizers: Mapping[str, Recognizer], environ: Mapping[str, str] = os.environ) -> None:
        self._recognizers = recognizers
        named = environ.get("MNIST_NPZ")
        self._path = Path(named) if named else Path.home() / CACHE
        self._downloads = not named
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._known = threading.Event()
        """Set when it is here, cannot be had, or has to be downloaded, which may take long."""
        self._over = threading.Event()
        """Set when it is here or cannot be had."""
        self._mnist: Mnist | None = None
        self._failure = ""
        self._figures: dict[str, dict[str, Any]] = {}

    def start(self) -> None:
        """Load in the background, unless that has been done or is being done."""
        with self._lock:
            if self._mnist is None and (self._thread is None or not self._thread.is_alive()):
                self._over.clear()
                self._thread = threading.Thread(target=self._load, name="mnist", daemon=True)
                self._thread.start()

    def get(self) -> Mnist | None:
        """MNIST; None, without waiting, while it is being downloaded and where it cannot be had."""
        if self._thread:
            self._known.wait(DISK_SECONDS)
            self._known.set()  # a disk that is slower is not waited for again
        return self._mnist

    def wait(self, seconds: float) -> bool:
        """Wait until it is loaded, a download included; whether it is."""
        self._over.wait(seconds)
        return self._mnist is not None

    @property
    def must_download(self) -> bool:
        """Whether MNIST is not on this machine yet."""
        return self._downloads and not self._path.exists()

    def figures(self, network: str) -> dict[str, Any] | None:
        """A network's figures on the MNIST test set: its card's, else measured here; None until that is done."""
        return of_card(self._recognizers[network].card) or self._figures.get(network)

    def _load(self) -> None:
        try:
            if self.must_download:
                self._known.set()
                download(URL, self._path)
            with np.load(self._path, allow_pickle=False) as arrays:
                self._mnist = Mnist(arrays["x_train"], arrays["y_train"])
                test = arrays["x_test"], arrays["y_test"]
        # No file, no network, a damaged file, of which NumPy raises whatever the bytes lead it to: the report then
        # does without, and says so.
        except Exception as error:
            if str(error) != self._failure:  # told once: it is tried again for every comparison
                logging.getLogger(__name__).info("Comparisons go without MNIST: %s", error)
            self._failure = str(error)
            return
        finally:
            self._known.set()
            self._over.set()
        self._measure(*test)

    def _measure(self, pictures: NDArray[np.uint8], labels: NDArray[np.uint8]) -> None:
        """Measure the networks whose cards do not tell; it takes as long as comparing thousands of files."""
        for name, recognizer in self._recognizers.items():
            if of_card(recognizer.card):
                continue
            figures = Figures()
            for picture, label in zip(pictures, labels, strict=True):
                figures.add(label, recognizer.recognize(picture).digit)
            self._figures[name] = figures.as_json()


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
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
