"""Random changes of MNIST's pictures that a person's hand, pen and scanner make.

Rotation, slant, proportions and size as one affine map, elastic bending on top (Simard et al. 2003, "Best
practices for convolutional neural networks applied to visual document analysis"), stroke width by a blend
with the grey dilation or erosion, coarse resolution, no greys, blur, contrast and noise. Shift, polarity and
final size need none: the normalising layer takes them out.
"""

import numpy as np
import tensorflow as tf
from scipy.ndimage import zoom

from .normalizing import normalize

CANVAS = 32
"""Side in pixels of the pictures that come out; wide enough for a rotated digit."""
ROTATION = 0.12
"""Standard deviation, radians."""
SLANT = 0.14
PROPORTIONS = 0.1
"""Standard deviation of the logarithm of height over width."""
SIZES = (0.65, 1.15)
STRETCHED = 0.08
"""Share of the pictures that are stretched to a box of any proportions, as in sets whose digits all fill a square."""
BOXES = (0.5, 1.2)
"""Width by height of those boxes."""
BENDING = 0.85
"""Standard deviation of the elastic displacement at the knots, pixels; between them it is less."""

_KNOTS = 5
# Cubic interpolation of a coarse random field to every pixel of the canvas, as a matrix [CANVAS, _KNOTS].
_FINE = zoom(np.eye(_KNOTS), (CANVAS / _KNOTS, 1), order=3).astype(np.float32)

COARSE = 0.15
"""Share of the pictures that are seen with fewer pixels."""
FEWER = (20, 16, 13)
"""Pixels that those have along the canvas's side: their digits are 5 to 14 pixels tall."""


def coarsening(fewer: int) -> tuple[np.ndarray, np.ndarray]:
    """Area averaging to `fewer` pixels along one axis, and linear interpolation back: float32 [CANVAS, CANVAS] each.

    What the first makes and the second takes are the first `fewer` rows, or columns; the rest of both is 0.
    """
    edges = np.arange(fewer + 1)[:, np.newaxis] * CANVAS / fewer
    covered = np.clip(edges - np.arange(CANVAS), 0.0, 1.0)  # of each pixel, up to each edge
    average = np.diff(covered, axis=0) * fewer / CANVAS
    at = (np.arange(CANVAS) + 0.5) * fewer / CANVAS - 0.5
    back = np.stack([np.interp(at, np.arange(fewer), one) for one in np.eye(fewer)], axis=1)
    rest = (0, CANVAS - fewer)
    return np.pad(average, (rest, (0, 0))).astype(np.float32), np.pad(back, ((0, 0), rest)).astype(np.float32)


# The last ones leave a picture as it is.
_AVERAGE, _BACK = np.stack([coarsening(pixels) for pixels in (*FEWER, CANVAS)], axis=1)
BILEVEL = 0.1
"""Share of the pictures that are black and white, with no grey between, before they are brought back to size."""
LEVELS = (0.25, 0.6)
"""Share of their darkest ink from which a pixel is black."""
SHARPEST = -0.6
"""How far a picture is brought into focus at most: the warp blurs it, and nothing does in use."""


def distort(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Distort ink images.

    Args:
        images: float32 [n, 28, 28], ink 0..1.
        seed: int32 [2]; the same seed distorts in the same way.

    Returns:
        Grey pictures float32 [n, CANVAS, CANVAS], 0..255, light on dark, as the normalising layer takes them.
    """
    seeds = tf.unstack(tf.random.split(seed, 3))
    ink = _change_stroke(_warp(images, seeds[0]), seeds[1])
    return _scan(ink, seeds[2])


def distort_and_normalize(pictures: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Pictures distorted, and then as the network sees them.

    Args:
        pictures: uint8 [n, 28, 28], ink 0..255.
        seed: int32 [2]; the same seed distorts in the same way.

    Returns:
        float32 [n, 28, 28, 1], ink 0..1.
    """
    # The window is shaken by the seed itself, which `distort` only splits.
    jitter = tf.random.stateless_normal([tf.shape(pictures)[0], 3], seed)
    return normalize(distort(tf.cast(pictures, tf.float32) / 255.0, seed), jitter)


def _warp(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    count = tf.shape(images)[0]
    seeds = tf.unstack(tf.random.split(seed, 4))
    normal = tf.random.stateless_normal([count, 3, 1, 1], seeds[0])
    angle, slant, proportions = (
        ROTATION * normal[:, 0],
        SLANT * normal[:, 1],
        tf.exp(PROPORTIONS / 2 * normal[:, 2]),
    )
    size = tf.random.stateless_uniform([count, 1, 1], seeds[1], *SIZES)
    at = tf.range(CANVAS, dtype=tf.float32) - (CANVAS - 1) / 2
    y, x = at[tf.newaxis, :, tf.newaxis], at[tf.newaxis, tf.newaxis, :]
    x = x + slant * y
    from_y = (tf.cos(angle) * y - tf.sin(angle) * x) / (size * proportions)
    from_x = (tf.sin(angle) * y + tf.cos(angle) * x) * proportions / size
    field = tf.random.stateless_normal([count, 2, _KNOTS, _KNOTS], seeds[2]) * BENDING
    bend = tf.einsum("ya,nkab,xb->nkyx", _FINE, field, _FINE)
    from_y, from_x = from_y + bend[:, 0], (from_x + bend[:, 1]) / _widening(images, seeds[3])
    middle = (tf.cast(tf.shape(images)[1], tf.float32) - 1) / 2
    return _interpolate(images, from_y + middle, from_x + middle)


def _widening(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Factors [n, 1, 1] of the width that give a share of the images a box of BOXES; 1 for the others."""
    chosen, box = tf.unstack(tf.random.stateless_uniform([2, tf.shape(images)[0]], seed))
    inked = images > 0.2
    height, width = (tf.reduce_sum(tf.cast(tf.reduce_any(inked, axis), tf.float32), 1) for axis in (2, 1))
    wider = (BOXES[0] + (BOXES[1] - BOXES[0]) * box) * height / tf.maximum(width, 1.0)
    # An image without ink has no box.
    return tf.where((chosen < STRETCHED) & (width > 0.0), wider, 1.0)[:, tf.newaxis, tf.newaxis]


def _interpolate(images: tf.Tensor, y: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """Bilinear values of images [n, h, w] at float coordinates [n, H, W]; 0 outside."""
    images = tf.pad(images, [[0, 0], [1, 2], [1, 2]])
    height, width = images.shape[1], images.shape[2]
    y = tf.clip_by_value(y + 1.0, 0.0, height - 2.0)
    x = tf.clip_by_value(x + 1.0, 0.0, width - 2.0)
    top, left = tf.floor(y), tf.floor(x)
    down, right = y - top, x - left
    flat = tf.reshape(images, [-1, height * width])
    index = tf.cast(top * width + left, tf.int32)

    def pixels(offset):
        return tf.gather(flat, index + offset, batch_dims=1)

    upper = pixels(0) * (1 - right) + pixels(1) * right
    lower = pixels(width) * (1 - right) + pixels(width + 1) * right
    return upper * (1 - down) + lower * down


def _change_stroke(ink: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Thicker or thinner by up to a pixel, half of the pictures not at all."""
    change = tf.random.stateless_uniform([tf.shape(ink)[0], 1, 1], seed, -2.0, 2.0)
    change = tf.sign(change) * tf.nn.relu(tf.abs(change) - 1.0)
    ink = ink[..., tf.newaxis]
    thick = tf.nn.max_pool2d(ink, 3, 1, "SAME")
    thin = -tf.nn.max_pool2d(-ink, 3, 1, "SAME")
    change = change[..., tf.newaxis]
    return (ink + 0.8 * tf.nn.relu(change) * (thick - ink) + 0.7 * tf.nn.relu(-change) * (thin - ink))[..., 0]


def _scan(ink: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    count = tf.shape(ink)[0]
    seeds = tf.unstack(tf.random.split(seed, 2))
    coarse, bilevel, level, blur, gamma, contrast, noise = tf.unstack(
        tf.random.stateless_uniform([7, count, 1, 1], seeds[0])
    )
    kind = tf.minimum(tf.cast(coarse[:, 0, 0] / COARSE * len(FEWER), tf.int32), len(FEWER))
    ink = _along_both(tf.gather(_AVERAGE, kind), ink)
    darkest = tf.reduce_max(ink, axis=(1, 2), keepdims=True)
    black = ink > (LEVELS[0] + (LEVELS[1] - LEVELS[0]) * level) * darkest
    ink = tf.where(bilevel < BILEVEL, tf.cast(black, tf.float32), ink)
    ink = _along_both(tf.gather(_BACK, kind), ink)
    ink = focus(ink, SHARPEST + (1.0 - SHARPEST) * blur)
    ink = tf.maximum(ink, 1e-6) ** tf.exp(1.2 * (gamma - 0.5))
    # A quarter of the pictures carry noise, up to 8 % of the ink's contrast.
    sigma = 0.08 * tf.nn.relu(4.0 * noise - 3.0)
    ink = ink + sigma * tf.random.stateless_normal(tf.shape(ink), seeds[1])
    return tf.clip_by_value(255.0 * (0.1 + (0.3 + 0.6 * contrast) * ink), 0.0, 255.0)


def _along_both(matrices: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
    """Matrices [n, h, w] applied to the columns and to the rows of images [n, w, w]: [n, h, h]."""
    return tf.matmul(tf.matmul(matrices, images), matrices, transpose_b=True)


def focus(ink: tf.Tensor, softness: tf.Tensor) -> tf.Tensor:
    """Ink [n, h, w], 0..1, blurred or sharpened: softness 1 is the mean of 3x3 pixels, 0 the same, below 0 sharper."""
    soft = tf.nn.avg_pool2d(ink[..., tf.newaxis], 3, 1, "SAME")[..., 0]
    return tf.clip_by_value(ink + softness * (soft - ink), 0.0, 1.0)
