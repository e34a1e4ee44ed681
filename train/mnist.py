"""MNIST: from the file that MNIST_NPZ names, else downloaded once by Keras, which checks its sha256."""

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from numpy.typing import NDArray

from .errors import DataError

VALIDATION = 4000
"""Last pictures of the training set, kept out of training: everything is chosen and fitted on these. Of a smaller file
than MNIST's own it is a tenth at most."""
ARRAYS = ("x_train", "y_train", "x_test", "y_test")
"""What an npz in Keras's form holds."""


class Split(NamedTuple):
    """Pictures and their labels."""

    pictures: NDArray[np.uint8]
    """[n, h, w], greys 0..255."""
    labels: NDArray[np.uint8]
    """[n], 0..9."""

    def first(self, count: int | None) -> "Split":
        """The first `count`, or all."""
        return Split(self.pictures[:count], self.labels[:count])

    def digest(self) -> str:
        """sha256 of pictures and labels, whatever file they came in."""
        return hashlib.sha256(self.pictures.tobytes() + self.labels.tobytes()).hexdigest()


class Mnist(NamedTuple):
    """Training and validation are the original training set, the last pictures split off."""

    training: Split
    validation: Split
    test: Split


def load() -> Mnist:
    """Load MNIST.

    Raises:
        DataError: the file is missing, is no npz, or does not hold 28x28 pictures with labels 0..9.
    """
    named = os.environ.get("MNIST_NPZ")
    if named:
        if not Path(named).exists():
            raise DataError(f"MNIST_NPZ names {named}, which does not exist. Correct the path or unset it.")
        (x_train, y_train), (x_test, y_test) = parts = read(Path(named))
        if not all(len(part.labels) for part in parts):
            raise DataError(f"{named}: one of its parts holds no pictures. Download mnist.npz anew.")
    else:
        try:
            (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
        except Exception as error:  # urllib, Keras and the operating system each raise their own
            raise DataError(
                f"MNIST could not be downloaded ({error}). Connect to the internet once, or set MNIST_NPZ to "
                "the path of a mnist.npz in Keras's form."
            ) from error
    held = min(VALIDATION, len(x_train) // 10)
    if not held:
        raise DataError(f"{named} has {len(x_train)} pictures to train on; at least ten are needed. Download it anew.")
    kept = len(x_train) - held
    return Mnist(Split(x_train[:kept], y_train[:kept]), Split(x_train[kept:], y_train[kept:]), Split(x_test, y_test))


def read(path: Path) -> tuple[Split, Split]:
    """The training and the test part of an npz in Keras's form; each may be empty.

    Raises:
        DataError: it is missing, is no npz, or does not hold 28x28 pictures with labels 0..9.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            found = [arrays[name] for name in ARRAYS if name in arrays]
            missing = [name for name in ARRAYS if name not in arrays]
    except FileNotFoundError:
        raise DataError(f"{path} does not exist. Correct the path.") from None
    except Exception as error:  # NumPy raises whatever the bytes lead zipfile, zlib and Python's own parser to
        raise DataError(f"{path} cannot be read as an npz file ({error}). Download or export it anew.") from error
    if missing:
        raise DataError(f"{path} has no {', '.join(missing)}. It needs {', '.join(ARRAYS)}.")
    x_train, y_train, x_test, y_test = found
    return checked(x_train, y_train, path), checked(x_test, y_test, path)


def checked(pictures, labels, path: Path) -> Split:
    """Pictures and labels as a Split.

    Raises:
        DataError: they are not uint8 [n, 28, 28] and whole numbers 0..9, as many as pictures.
    """
    if pictures.dtype != np.uint8 or pictures.ndim != 3 or pictures.shape[1:] != (28, 28):
        raise DataError(f"{path}: pictures must be uint8 [n, 28, 28], not {pictures.dtype} {list(pictures.shape)}.")
    if labels.shape != (len(pictures),):
        raise DataError(f"{path}: {len(pictures)} pictures need as many labels, not {list(labels.shape)}.")
    if labels.dtype.kind not in "iu" or not np.isin(labels, np.arange(10)).all():
        raise DataError(f"{path}: every label must be a whole number from 0 to 9.")
    return Split(pictures, labels.astype(np.uint8))
