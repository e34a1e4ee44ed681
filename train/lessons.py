"""What the teachers say of the pictures that `robust` learns from: asked once, kept on disk.

The student must see the very picture that its teachers saw (Beyer et al. 2022, "Knowledge distillation: a good
teacher is patient and consistent"). They take ten times its time, so MNIST is distorted PASSES times and no more, and
these passes are gone through in turn. The teachers, `train/teachers/`, are LiteRT models of 8 bits.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray
from scipy.special import softmax

from . import TEACHERS, sources
from .augmentation import distort_and_normalize
from .blocks import Arrays, kept
from .distillation import TEMPERATURE
from .errors import DataError
from .mnist import Split

PASSES = 30
"""How often each picture of MNIST is distorted."""
BLOCK = 2000
"""Pictures of a file."""


class Lessons(NamedTuple):
    """Pictures and what the teachers say of them."""

    images: NDArray[np.uint8]
    """[passes * n, 28, 28], ink 0..255: the n pictures of MNIST distorted and normalised, pass after pass."""
    said: NDArray[np.float16]
    """[passes * n, 10], probabilities at TEMPERATURE of the teachers' mean logits."""
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
    # By pass and first picture; the drawings are in no pass.
    paths: dict[tuple[int | None, int], Path] = {
        (each, at): folder / f"{n}-seed{seed}-pass{each:02d}-{at:06d}.npz"
        for each in range(passes)
        for at in range(0, n, BLOCK)
    }
    paths |= {(None, at): folder / f"drawn{m}-seed{seed}-{at:06d}.npz" for at in range(0, m, BLOCK)}

    def ask_teachers(missing: list[tuple[int | None, int]]) -> Iterator[tuple[tuple[int | None, int], Arrays]]:
        ask = teachers()
        for each, at in missing:
            if each is None:
                yield (each, at), {"said": ask(drawings[at : at + BLOCK])}
            else:
                key = tf.constant([seed, (each << 20) + at], tf.int32)
                ink = _distort_and_normalize(tf.constant(mnist.pictures[at : at + BLOCK]), key).numpy()[..., 0]
                images = np.round(255.0 * ink).astype(np.uint8)
                yield (each, at), {"images": images, "said": ask(images)}

    parts = kept(paths, ask_teachers, "asking the teachers")
    images = np.concatenate([part["images"] for part in parts if "images" in part])
    said = np.concatenate([part["said"] for part in parts])
    return Lessons(images, said[: len(images)], said[len(images) :])


_distort_and_normalize = tf.function(distort_and_normalize, reduce_retracing=True)


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
