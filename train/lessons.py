"""What the teachers say of the pictures that `robust` learns from: asked once, kept on disk.

The student must see the very picture that its teachers saw (Beyer et al. 2022, "Knowledge distillation: a good
teacher is patient and consistent"). They take ten times its time, so MNIST is distorted PASSES times and no more, and
these passes are gone through in turn. The teachers, `train/teachers/`, are LiteRT models of 8 bits.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray
from scipy.special import softmax

from . import TEACHERS, sources
from .augmentation import distort
from .distillation import TEMPERATURE
from .errors import DataError
from .mnist import Split
from .normalizing import normalize
from .progress import progress

PASSES = 10
"""How often each picture of MNIST is distorted."""
BLOCK = 2000
"""Pictures of a file."""


class Lessons(NamedTuple):
    """Pictures and what the teachers say of them."""

    images: NDArray[np.uint8]
    """[passes * n, 28, 28], ink 0..255: the n pictures of MNIST distorted and normalised, pass after pass."""
    said: NDArray[np.float16]
    """[passes * n, 10], the teachers' mean probabilities at TEMPERATURE."""
    said_of_drawings: NDArray[np.float16]
    """[m, 10], likewise of the drawings."""


def lessons(mnist: Split, drawings: NDArray[np.uint8], seed: int, passes: int, folder: Path) -> Lessons:
    """Lessons from `folder`, or made and kept there; what an interrupted run made is not made again.

    Args:
        mnist: raw pictures.
        drawings: normalised ones [m, 28, 28]; there may be none.

    Raises:
        DataError: there are no teachers.
    """
    folder = folder / sources.digest(sources.LESSONS) / mnist.digest()[:8]
    folder.mkdir(parents=True, exist_ok=True)
    n, m = len(mnist.pictures), len(drawings)
    makers = {
        f"{n}-seed{seed}-pass{each:02d}-{at:06d}": _distorter(mnist.pictures[at : at + BLOCK], seed, each, at)
        for each in range(passes)
        for at in range(0, n, BLOCK)
    }
    makers |= {f"drawn{m}-seed{seed}-{at:06d}": _taker(drawings[at : at + BLOCK]) for at in range(0, m, BLOCK)}
    parts = _kept(makers, folder)
    images, said = (np.concatenate([part[name] for part in parts]) for name in ("images", "said"))
    ours = passes * n
    return Lessons(images[:ours], said[:ours], said[ours:])


def _distorter(pictures: NDArray[np.uint8], seed: int, each: int, at: int) -> Callable[[], NDArray[np.uint8]]:
    def images() -> NDArray[np.uint8]:
        # The shake of the window shares its key with the distortion, as nothing else does.
        key = tf.constant([seed, (each << 20) + at], tf.int32)
        jitter = tf.random.stateless_normal([len(pictures), 3], key)
        ink = _distort_and_normalize(tf.constant(pictures, tf.float32) / 255.0, key, jitter)
        return np.round(255.0 * ink.numpy()[..., 0]).astype(np.uint8)

    return images


@tf.function(reduce_retracing=True)
def _distort_and_normalize(ink: tf.Tensor, key: tf.Tensor, jitter: tf.Tensor) -> tf.Tensor:
    return normalize(distort(ink, key), jitter)


def _taker(drawings: NDArray[np.uint8]) -> Callable[[], NDArray[np.uint8]]:
    return lambda: drawings


def _kept(makers: dict[str, Callable[[], NDArray[np.uint8]]], folder: Path) -> list[dict[str, NDArray]]:
    """Images and what is said of them, of every block by its name."""
    paths = {name: folder / f"{name}.npz" for name in makers}
    missing = [name for name, path in paths.items() if not path.exists()]
    if missing:
        ask = teachers()
        bar = progress(len(missing), "asking the teachers")
        for name in missing:
            images = makers[name]()
            part = paths[name].with_suffix(".part.npz")
            np.savez_compressed(part, images=images, said=ask(images))
            part.replace(paths[name])
            bar.add(1)
    return [dict(np.load(path)) for path in paths.values()]


def teachers() -> Callable[[NDArray[np.uint8]], NDArray[np.float16]]:
    """What all teachers together say: from images [n, 28, 28], ink 0..255, to probabilities [n, 10] at TEMPERATURE.

    Raises:
        DataError: there are none.
    """
    models = sorted(TEACHERS.glob("*.tflite"))
    if not models:
        raise DataError(f"{TEACHERS} has no teachers. Restore them with `git checkout -- {TEACHERS}`.")
    runners = [Interpreter(str(path), num_threads=os.cpu_count()).get_signature_runner() for path in models]

    def ask(images: NDArray[np.uint8]) -> NDArray[np.float16]:
        ink = (images / np.float32(255.0))[..., np.newaxis]
        logits = np.mean([runner(image=ink)["logits"] for runner in runners], axis=0)
        return softmax(logits / TEMPERATURE, axis=1).astype(np.float16)

    return ask
