"""Training batches, each a function of its number alone: any step can be made again, by any worker, in any run."""

import numpy as np
import tensorflow as tf

from .augmentation import distort_and_normalize
from .lessons import Lessons
from .mnist import Split
from .networks import CLASSES, Recipe
from .normalizing import Normalizing, normalize_pictures

DRAWN_SHARE = 0.3
"""Share of a batch that is drawn by penmanship; the rest is distorted MNIST."""
EXTRA_SHARE = 0.2
"""Share that is a person's own digits, distorted as MNIST's, where the network is retrained with them."""


def targets(labels: tf.Tensor, smoothing: float) -> tf.Tensor:
    """Smoothed one-hot rows [n, 10]; a label above 9 (no digit) asks for ten equal probabilities."""
    one_hot = tf.one_hot(tf.cast(labels, tf.int32), CLASSES)
    rest = 1.0 - (1.0 - smoothing) * tf.reduce_sum(one_hot, axis=1, keepdims=True)
    return (1.0 - smoothing) * one_hot + rest / CLASSES


def _shuffled(step: tf.Tensor, size: int, total: int, seed: int) -> tf.Tensor:
    """Indices of batch `step`: each pass takes none of `total` twice, in an order of its own, and leaves out what is no
    full batch."""
    batches = max(1, total // size)
    position = (step % batches) * size + tf.range(size, dtype=tf.int64)
    key = tf.stack([tf.constant(seed, tf.int32), tf.cast(step // batches, tf.int32)])
    return tf.random.experimental.index_shuffle(position % total, key, total - 1)


def _sizes(recipe: Recipe, drawn: Split | None, extra: Split | None) -> tuple[int, int, int]:
    """How many pictures of a batch are MNIST's, how many are drawn, and how many a person's own."""
    drawn_size = round(recipe.batch * DRAWN_SHARE) if drawn else 0
    extra_size = round(recipe.batch * EXTRA_SHARE) if extra else 0
    return recipe.batch - drawn_size - extra_size, drawn_size, extra_size


def steps_per_epoch(recipe: Recipe, mnist: Split, drawn: Split | None, extra: Split | None = None) -> int:
    """Batches that make one pass over MNIST."""
    return max(1, len(mnist.labels) // _sizes(recipe, drawn, extra)[0])


def training_batches(
    recipe: Recipe,
    mnist: Split,
    drawn: Split | None,
    seed: int,
    steps: range,
    part: int = 0,
    parts: int = 1,
    extra: Split | None = None,
    lessons: Lessons | None = None,
) -> tf.data.Dataset:
    """Batches (images [n, 28, 28, 1], targets [n, 10], or [n, 20] with lessons) for the global steps `steps`.

    Args:
        mnist: raw pictures; without lessons `robust` gets them distorted and normalised anew in each epoch.
        drawn: normalised drawn images, or None.
        part, parts: make only this part, counted from 0, of so many that make up each batch.
        extra: a person's own digits, treated as MNIST's are, or None.
        lessons: MNIST distorted, and what the teachers say of it and of `drawn`; not together with `extra`.
    """
    mnist_size, drawn_size, extra_size = _sizes(recipe, drawn, extra)
    if lessons:
        pictures = lessons.images
    else:
        pictures = mnist.pictures if recipe.distorted else network_images(recipe, mnist.pictures)
    raw, labels = _kept(pictures), _kept(mnist.labels)
    own, own_labels = (_kept(extra.pictures), _kept(extra.labels)) if extra else (None, None)
    drawings, drawn_labels = (_kept(drawn.pictures), _kept(drawn.labels)) if drawn else (None, None)
    said = _kept(lessons.said) if lessons else None
    said_of_drawings = _kept(lessons.said_of_drawings) if lessons else None

    def batch(step):
        chosen = _shuffled(step, mnist_size, len(mnist.labels), seed)[part::parts]
        truth = tf.gather(labels, chosen)
        if lessons:
            chosen += _pass(step, mnist_size, len(mnist.labels), len(lessons.images))
        images = tf.gather(raw, chosen)
        if extra:
            more = _shuffled(step, extra_size, len(extra.labels), seed + 2)[part::parts]
            images = tf.concat([images, tf.gather(own, more)], 0)
            truth = tf.concat([truth, tf.gather(own_labels, more)], 0)
        if lessons:
            images = tf.cast(images, tf.float32)[..., tf.newaxis] / 255.0
        elif recipe.distorted:
            # No run has 2**24 steps, so no two parts share their random numbers.
            key = tf.stack([tf.constant(seed, tf.int32), tf.cast(step, tf.int32) + (part << 24)])
            images = distort_and_normalize(images, key)
        if drawn:
            more = _shuffled(step, drawn_size, len(drawn.labels), seed + 1)[part::parts]
            images = tf.concat([images, tf.cast(tf.gather(drawings, more), tf.float32)[..., tf.newaxis] / 255.0], 0)
            truth = tf.concat([truth, tf.gather(drawn_labels, more)], 0)
        asked = targets(truth, recipe.label_smoothing)
        if lessons:
            heard = tf.gather(said, chosen)
            if drawn:
                heard = tf.concat([heard, tf.gather(said_of_drawings, more)], 0)
            # That there is no digit the label knows better; of blank sheets the teachers have seen none.
            no_digit = truth[:, tf.newaxis] >= CLASSES
            asked = tf.concat([tf.where(no_digit, asked, tf.cast(heard, tf.float32)), asked], 1)
        return images, asked

    numbers = tf.data.Dataset.range(steps.start, steps.stop)
    return numbers.map(batch, num_parallel_calls=tf.data.AUTOTUNE).prefetch(4)


def _kept(values: np.ndarray) -> tf.Variable:
    """What never changes is made once; a constant of the graph would be copied into it."""
    return tf.Variable(values, trainable=False)


def _pass(step: tf.Tensor, size: int, total: int, images: int) -> tf.Tensor:
    """Where the distorted pictures of the pass begin that batch `step` belongs to, of all `images`."""
    return step // max(1, total // size) % (images // total) * total


def network_images(recipe: Recipe, pictures: np.ndarray) -> np.ndarray:
    """Raw 28x28 pictures as the recipe's network sees them, float32 [n, 28, 28, 1]."""
    images = normalize_pictures(pictures) if recipe.front is Normalizing else pictures.astype(np.float32) / 255.0
    return images[..., np.newaxis]
