"""From a raw grey picture to the 28x28 ink image that the network sees, inside the exported graph.

Written once, with elementary operations only (reductions, comparisons, matrix products), so that Keras,
LiteRT and every TensorFlow.js backend run the very same steps on pictures of any size and polarity:

1. **Ground.** Two classes of pixels, split half-way between the darkest and the lightest. The class that
   covers most of the picture, with a say for the border, is the ground: ink may touch the border, and a
   frame line may run all along it. Where the border is partly ink, the corners have a say as well: a fat 0
   cut out closely covers most of its picture and of the border, but not the corners.
2. **Ink.** Distance from the ground's mean, 0 up to the ground's own noise, 1 from 0.8 of the mean
   contrast of the ink on.
3. **Window.** The box that holds the ink but for 1 % at each of its four sides (specks do not move it)
   becomes 20 pixels long at its longer side; the centre of mass goes to the middle of the 28x28 image.
   This is how MNIST itself was made (LeCun et al. 1998, "Gradient-based learning applied to document
   recognition", section III.A).
4. **Resampling.** Separable exact area averaging: weight = overlap of a target pixel's interval with each
   source pixel, which becomes linear interpolation where the picture is enlarged. Then the peak goes to 1,
   so that a line of 1 pixel on a large canvas counts as much as a brush.
"""

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

SIZE = 28
"""Side of the image that the network sees, in pixels."""
BOX = 20.0
"""Longer side of the digit inside it, in pixels."""
FAINTEST = 8.0
"""Contrast, in greys of 255, under which a picture counts as blank."""
TRIMMED = 0.01
"""Share of the ink that may lie outside the box at each of its four sides."""
FRAME_ZONE = 0.12
"""A frame line is looked for in this outer part of the picture's height and width."""
FRAME_COVERAGE = 0.85
"""Share of a row or column that a frame line covers at least."""
FRAME_GAP = 1 / 32
"""Blank part of the picture's height or width that parts a frame line from the digit."""
CRUMB = 0.15
"""Share of the ink that is a digit's at least, where lines are left out that do not run along all four sides."""
BORDER = 0.7
"""Weight of the border's say about the ground, against 2 of the whole picture's. Brushes so fat that the ink covers
most of a picture call for a higher one, frame lines for a lower one."""
CORNERS = 0.75
"""Weight of the corners' say where half of the border is ink."""
FULL = 6.0
"""Value of full ink before its peak is raised to 1. All runtimes have a `relu6`, one pass over the picture where other
ways of clipping take two to four."""
_STEEP = 1e4
"""Slope that makes a clipped line a step: runtimes do a product and a clip faster than a comparison."""
FAINTEST_PEAK = 0.004
"""Coverage that is still raised to 1: a line of 1 pixel whose digit is 5000 pixels tall."""


class Ink(NamedTuple):
    """The ink of n pictures and where it may lie."""

    image: tf.Tensor
    """float32 [n, h, w], 0 ground to FULL ink; 0 on and outside of frame lines."""
    light_ground: tf.Tensor
    """float32 [n, 1, 1], 1 where the ink is darker than the ground, else 0."""


class Window(NamedTuple):
    """The part of the picture that becomes the 28x28 image, one axis."""

    middle: tf.Tensor
    """float32 [n, 1, 1], source coordinate (pixels) that goes to the middle of the target."""
    scale: tf.Tensor
    """float32 [n, 1, 1], target pixels per source pixel."""


def find_ink(picture: tf.Tensor) -> Ink:
    """Separate ink from ground.

    Args:
        picture: float32 [n, h, w], greys 0..255, any polarity.
    """
    size = tf.shape(picture)
    height, width = tf.cast(size[1], tf.float32), tf.cast(size[2], tf.float32)
    area = height * width
    low = tf.reduce_min(picture, axis=[1, 2], keepdims=True)
    high = tf.reduce_max(picture, axis=[1, 2], keepdims=True)
    split = 0.5 * (low + high)
    bright = tf.nn.relu6((picture - split) * _STEEP)  # 0 or FULL
    bright_rows = tf.reduce_mean(bright, axis=2, keepdims=True) / FULL  # [n, h, 1]
    bright_columns = tf.reduce_mean(bright, axis=1, keepdims=True) / FULL  # [n, 1, w]

    share = tf.reduce_mean(bright_rows, axis=1, keepdims=True)
    border = 0.25 * (bright_rows[:, :1] + bright_rows[:, -1:] + bright_columns[:, :, :1] + bright_columns[:, :, -1:])
    # All four in one slice: TensorFlow.js copies the whole tensor for each plain one.
    ends = bright[:, :: tf.maximum(size[1] - 1, 1), :: tf.maximum(size[2] - 1, 1)]
    corners = 2.0 / FULL * tf.reshape(tf.reduce_mean(ends, axis=[1, 2]), [-1, 1, 1]) - 1.0
    mixed = 4.0 * border * (1.0 - border)  # 0 where the border is all ground or all frame, 1 where it is half ink
    # Cubed: corners of one mind say much, three against one little, as a 7 that fills its picture leaves them.
    say = 2.0 * (share - 0.5) + BORDER * (border - 0.5) + CORNERS * mixed * corners * corners * corners
    light = _step(say)  # [n, 1, 1]
    sign = 1.0 - 2.0 * light  # of ink minus ground

    dark_area = (1.0 - share) * area
    bright_sum = _sum(tf.nn.relu(picture - split)) + (area - dark_area) * split
    mean_bright = bright_sum / tf.maximum(area - dark_area, 1.0)
    mean_dark = (_sum(picture) - bright_sum) / tf.maximum(dark_area, 1.0)
    ground = light * mean_bright + (1.0 - light) * mean_dark
    contrast = mean_bright - mean_dark

    # The ground's pixels lie as far beyond its mean as towards the ink, and beyond it there is no ink: its
    # mean absolute deviation is twice what lies there.
    beyond = _sum(tf.nn.relu(picture * -sign + sign * ground))
    noise = 2.0 * beyond / tf.maximum(light * (area - dark_area) + (1.0 - light) * dark_area, 1.0)
    start = tf.minimum(tf.maximum(3.0 * noise, 0.08 * contrast), 0.4 * contrast)
    # One multiplication and one addition per pixel: FULL * (sign * (picture - ground) - start) / (end - start).
    gain = FULL * tf.cast(high - low >= FAINTEST, tf.float32) / tf.maximum(0.8 * contrast - start, 1e-3)
    image = tf.nn.relu6(picture * (sign * gain) - (sign * ground + start) * gain)

    row_coverage = light + sign * tf.reshape(bright_rows, [-1, 1, size[1]])
    column_coverage = light + sign * bright_columns
    rows, columns = _inside_frame(row_coverage, column_coverage)
    return Ink(image * tf.reshape(rows, [-1, size[1], 1]) * columns, light)


def _sum(picture: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(picture, axis=[1, 2], keepdims=True)


def _inside_frame(row_coverage: tf.Tensor, column_coverage: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Masks [n, 1, h] and [n, 1, w], 0 on and outside of frame lines.

    Four lines, one along each side, are a frame. Fewer may be the digit's own, the bar of a 7 or the base of a 2
    that is cropped close; they are no ink where blank paper parts them from a rest that is more than a crumb.
    """
    row_places, column_places = _places(row_coverage), _places(column_coverage)
    row_lines, column_lines = _lines(row_coverage, row_places), _lines(column_coverage, column_places)
    row_depths = tf.reduce_max(row_lines * row_places.depth, axis=2, keepdims=True)  # [n, 2, 1], 0: no line
    column_depths = tf.reduce_max(column_lines * column_places.depth, axis=2, keepdims=True)
    around = _step(row_depths[:, :1] * row_depths[:, 1:] * column_depths[:, :1] * column_depths[:, 1:])
    # Less what the lines of the one direction add to every value of the other's profile.
    row_rest = tf.nn.relu(row_coverage - 2.0 * tf.reduce_mean(column_lines, axis=[1, 2], keepdims=True))
    column_rest = tf.nn.relu(column_coverage - 2.0 * tf.reduce_mean(row_lines, axis=[1, 2], keepdims=True))
    rest = tf.reduce_sum(row_rest * _inside(row_places, row_depths), axis=2, keepdims=True)
    digit = _step(rest - CRUMB * tf.reduce_sum(row_coverage, axis=2, keepdims=True))
    row_depths *= tf.maximum(around, digit * _parted(row_rest, row_places, row_depths))
    column_depths *= tf.maximum(around, digit * _parted(column_rest, column_places, column_depths))
    return _inside(row_places, row_depths), _inside(column_places, column_depths)


class _Places(NamedTuple):
    """The positions of a profile, as depths."""

    depth: tf.Tensor
    """float32 [1, 2, length], counted from 1 on, from the near side and from the far side."""
    length: tf.Tensor


def _places(profile: tf.Tensor) -> _Places:
    length = tf.shape(profile)[2]
    position, count = _positions(length), tf.cast(length, tf.float32)
    return _Places(tf.concat([position + 1.0, count - position], axis=1), count)


def _lines(coverage: tf.Tensor, places: _Places) -> tf.Tensor:
    """1 where a frame line may be, [n, 2, length], for the near and the far side; else 0."""
    return _step(coverage - FRAME_COVERAGE) * _step(FRAME_ZONE * places.length + 0.5 - places.depth)


def _parted(rest: tf.Tensor, places: _Places, depths: tf.Tensor) -> tf.Tensor:
    """1 where a blank strip lies inside the line and its soft edge, [n, 2, 1], else 0."""
    beyond = places.depth - depths - 1.0
    strip = _step(beyond) * _step(FRAME_GAP * places.length + 1.5 - beyond)
    return 1.0 - _step(tf.reduce_sum(strip * tf.nn.relu(rest - 1e-4), axis=2, keepdims=True))


def _inside(places: _Places, depths: tf.Tensor) -> tf.Tensor:
    """1 where a position lies inside both depths [n, 2, 1] and a pixel of their soft edge, [n, 1, length]; else 0."""
    inside = _step(places.depth - depths - _step(depths))
    return inside[:, :1] * inside[:, 1:]


def _step(values: tf.Tensor) -> tf.Tensor:
    """1 where a value is above 0, else 0."""
    return tf.cast(values > 0.0, tf.float32)


def _positions(length: tf.Tensor) -> tf.Tensor:
    """Indices 0..length-1 as float32 [1, 1, length]."""
    return tf.reshape(tf.range(tf.cast(length, tf.float32)), [1, 1, -1])


def find_window(ink: Ink) -> tuple[Window, Window]:
    """Windows (vertical, horizontal) that give MNIST's placing: a box of 20 pixels, mass in the middle."""
    row_profile = tf.reshape(tf.reduce_sum(ink.image, axis=2), [-1, 1, tf.shape(ink.image)[1]])
    column_profile = tf.reduce_sum(ink.image, axis=1, keepdims=True)  # [n, 1, w]
    height, middle_y = _extent_and_middle(row_profile)
    width, middle_x = _extent_and_middle(column_profile)
    scale = BOX / tf.maximum(tf.maximum(height, width), 1.0)
    return Window(middle_y, scale), Window(middle_x, scale)


def _extent_and_middle(profile: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Length (pixels) that holds the ink but for the trimmed ends, and centre of mass, both [n, 1, 1]."""
    length = tf.shape(profile)[2]
    total = tf.reduce_sum(profile, axis=2, keepdims=True)
    cumulative = tf.cumsum(profile, axis=2)
    before = tf.reduce_sum(tf.cast(cumulative <= TRIMMED * total, tf.float32), axis=2, keepdims=True)
    after = tf.reduce_sum(tf.cast(cumulative >= (1.0 - TRIMMED) * total, tf.float32), axis=2, keepdims=True)
    middle = tf.reduce_sum(profile * (_positions(length) + 0.5), axis=2, keepdims=True) / tf.maximum(total, 1e-6)
    return tf.cast(length, tf.float32) - before - after + 1.0, middle


def resample(ink: Ink, vertical: Window, horizontal: Window) -> tf.Tensor:
    """The window's 28x28 image, float32 [n, 28, 28, 1], ink 0..FULL, by exact area averaging."""
    rows = _overlaps(vertical, tf.shape(ink.image)[1])  # [n, 28, h]
    columns = _overlaps(horizontal, tf.shape(ink.image)[2])  # [n, 28, w]
    return tf.matmul(tf.matmul(rows, ink.image), columns, transpose_b=True)[..., tf.newaxis]


def _overlaps(window: Window, length: tf.Tensor) -> tf.Tensor:
    """Share of each target pixel's interval that each source pixel covers, [n, 28, length]."""
    source = _positions(length)
    target = tf.reshape(tf.range(SIZE, dtype=tf.float32) + 0.5 - SIZE / 2, [1, SIZE, 1])
    centre = window.middle + target / window.scale
    # Never narrower than a source pixel: enlarging then interpolates linearly instead of repeating pixels.
    half = 0.5 * tf.maximum(1.0 / window.scale, 1.0)
    # The smaller end less the larger start, as min(a, b) = a - relu(a - b) and max(a, b) = b + relu(a - b).
    end, start = centre + half, centre - half
    covered = end - tf.nn.relu(end - (source + 1.0)) - (source + tf.nn.relu(start - source))
    return tf.nn.relu(covered) / (2.0 * half)


def amount(ink: Ink) -> tf.Tensor:
    """Mean ink, float32 [n], 0..1; 0 where nothing is drawn."""
    return tf.reduce_mean(ink.image, axis=[1, 2]) / FULL


def raise_peak(image: tf.Tensor) -> tf.Tensor:
    """The image, 0..FULL, with its strongest ink at 1; [n, 28, 28, 1] both."""
    peak = tf.reduce_max(image, axis=[1, 2], keepdims=True)
    return image / tf.maximum(peak, FULL * FAINTEST_PEAK)


def shake(window: Window, shift: tf.Tensor, stretch: tf.Tensor) -> Window:
    """The window moved by `shift` target pixels and its scale multiplied by `stretch`, both [n, 1, 1].

    Training pictures are shaken a little: ink that is found slightly wrong must not upset the network.
    """
    return Window(window.middle + shift / window.scale, window.scale * stretch)


def normalize(picture: tf.Tensor, jitter: tf.Tensor | None = None) -> tf.Tensor:
    """What the network sees of raw pictures.

    Args:
        picture: float32 [n, h, w], greys 0..255.
        jitter: normally distributed numbers [n, 3] by which training shakes the window; None in use.

    Returns:
        float32 [n, 28, 28, 1], ink 0..1.
    """
    ink = find_ink(picture)
    vertical, horizontal = find_window(ink)
    if jitter is not None:
        jitter = jitter[:, :, tf.newaxis, tf.newaxis]
        stretch = tf.exp(0.05 * jitter[:, 2])
        vertical = shake(vertical, 0.5 * jitter[:, 0], stretch)
        horizontal = shake(horizontal, 0.5 * jitter[:, 1], stretch)
    return raise_peak(resample(ink, vertical, horizontal))


_compiled_normalize = tf.function(normalize, reduce_retracing=True)


def normalize_pictures(pictures: np.ndarray, jitter_seed: int | None = None, batch: int = 500) -> np.ndarray:
    """`normalize` for many pictures [n, h, w] of one size: float32 [n, 28, 28]; shaken where a seed is given."""
    rng = None if jitter_seed is None else np.random.default_rng(jitter_seed)
    parts = []
    for start in range(0, len(pictures), batch):
        part = pictures[start : start + batch].astype(np.float32)
        jitter = None if rng is None else rng.normal(size=(len(part), 3)).astype(np.float32)
        parts.append(_compiled_normalize(part, jitter).numpy()[..., 0])
    return np.concatenate(parts)


@keras.saving.register_keras_serializable("digits")
class Normalizing(keras.layers.Layer):
    """Raw grey pictures [n, h, w] to (normalized [n, 28, 28, 1], ink [n]), placed as MNIST's digits are."""

    def call(self, picture):
        ink = find_ink(picture)
        return raise_peak(resample(ink, *find_window(ink))), amount(ink)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], SIZE, SIZE, 1), (input_shape[0],)


@keras.saving.register_keras_serializable("digits")
class PlainResizing(keras.layers.Layer):
    """What the seed did: the whole picture resized to 28x28, dark ink inverted, nothing else."""

    def call(self, picture):
        ink = find_ink(picture)
        raw = FULL / 255.0 * tf.abs(255.0 * ink.light_ground - picture)
        size = tf.cast(tf.shape(picture), tf.float32)
        return resample(ink._replace(image=raw), _whole(size[1]), _whole(size[2])) / FULL, amount(ink)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], SIZE, SIZE, 1), (input_shape[0],)


def _whole(length: tf.Tensor) -> Window:
    """The window that takes all `length` pixels of an axis."""
    return Window(tf.reshape(length / 2.0, [1, 1, 1]), tf.reshape(SIZE / length, [1, 1, 1]))
