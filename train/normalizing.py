"""From a raw grey picture to the 28x28 ink image that the network sees, inside the exported graph.

Written once, with elementary operations only (reductions, comparisons, matrix products), so that Keras,
LiteRT and every TensorFlow.js backend run the very same steps on pictures of any size and polarity:

1. **Ground.** Two classes of pixels, split half-way between the darkest and the lightest. The class that
   covers most of the picture, with a say for the border, is the ground: ink may touch the border, and a
   frame line may run all along it. Where the border is partly ink, the corners have a say as well: a fat 0
   cut out closely covers most of its picture and of the border, but not the corners.
2. **Ink.** Distance from the ground's mean, 0 up to the ground's own noise, 1 from 0.8 of the mean
   contrast of the ink on.
3. **Window.** The box that holds the clear ink but for 1 % at each of its four sides (specks do not move it)
   becomes 20 pixels long at its longer side; its centre of mass goes to the middle of the 28x28 image. Clear is
   what is not much fainter than the ink mostly is: lines of squared paper and what shines through from the other
   side have no say.
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
"""Share of the clear ink that may lie outside the box at each of its four sides."""
CLEAR = 0.6
"""Share of the usual ink from which on a pixel has a say about where the digit is."""
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
CORNERS = 1.0
"""Weight of the corners' say where half of each side is ink."""
FULL = 6.0
"""Value of full ink before its peak is raised to 1. All runtimes have a `relu6`, one pass over the picture where other
ways of clipping take two to four."""
FEWEST = 400.0
"""Pixels of ground from which on its noise is measured; of fewer, as pictures of 8x8 have, many are the soft edge of
the ink, which is no noise."""
_NEVER = 1e7
"""Above whatever a picture is scaled to."""
_STEEP = 1e4
"""Slope that makes a clipped line a step: runtimes do a product and a clip faster than a comparison."""
FAINTEST_PEAK = 0.004
"""Coverage that is still raised to 1: a line of 1 pixel whose digit is 5000 pixels tall."""


class Axes(NamedTuple):
    """The rows and the columns of pictures, side by side: h positions of the vertical axis, then w of the horizontal.

    So both are worked on at once, in half as many operations.
    """

    lengths: tf.Tensor
    """float32 [1, 2, 1, 1], height and width."""
    depth: tf.Tensor
    """float32 [1, 2, 2, h + w], each position's distance from the near and from the far side, 1 at the very side; not
    above 0 where it is none of the axis."""
    own: tf.Tensor
    """float32 [1, 2, 1, h + w], 1 where a position is the axis's own, else 0."""

    def profile(self, rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
        """Values of the rows [n, h, 1] and of the columns [n, 1, w] as [n, 2, 1, h + w], 0 where not the axis's own."""
        length = tf.shape(rows)[1]
        return tf.concat([tf.reshape(rows, [-1, 1, 1, length]), columns[:, tf.newaxis]], axis=3) * self.own


def axes_of(picture: tf.Tensor) -> Axes:
    """The axes of pictures [n, h, w]."""
    size = tf.cast(tf.shape(picture)[1:], tf.float32)
    lengths = tf.reshape(size, [1, 2, 1, 1])
    starts = tf.reshape(tf.stack([0.0, size[0]]), [1, 2, 1, 1])
    near = tf.reshape(tf.range(1.0, size[0] + size[1] + 1.0), [1, 1, 1, -1]) - starts
    depth = tf.concat([near, lengths + 1.0 - near], axis=2)
    return Axes(lengths, depth, tf.reduce_min(_step(depth), axis=2, keepdims=True))


class Ink(NamedTuple):
    """The ink of n pictures and where it may lie."""

    image: tf.Tensor
    """float32 [n, h, w], 0 ground to FULL ink; 0 on and outside of frame lines."""
    total: tf.Tensor
    """float32 [n, 1, 1], the sum of the image."""
    light_ground: tf.Tensor
    """float32 [n, 1, 1], 1 where the ink is darker than the ground, else 0."""
    axes: Axes
    """Those of the image."""


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
    axes = axes_of(picture)
    size = tf.shape(picture)
    area = tf.cast(size[1] * size[2], tf.float32)
    low = tf.reduce_min(picture, axis=[1, 2], keepdims=True)
    high = tf.reduce_max(picture, axis=[1, 2], keepdims=True)
    grey = picture - 0.5 * (low + high)
    bright = tf.nn.relu6(grey * _STEEP)  # 0 or FULL
    rows, columns = (tf.reduce_mean(bright, axis=axis, keepdims=True) / FULL for axis in (2, 1))
    profile = axes.profile(rows, columns)

    share = tf.reduce_mean(rows, axis=1, keepdims=True)
    sides = tf.reduce_sum(profile * _step(1.5 - axes.depth), axis=3)  # [n, 2, 2], how bright each is
    border = _scalars(tf.reduce_mean(sides, axis=[1, 2]))
    # All four in one slice: TensorFlow.js copies the whole tensor for each plain one.
    ends = bright[:, :: tf.maximum(size[1] - 1, 1), :: tf.maximum(size[2] - 1, 1)]
    corners = 2.0 / FULL * _scalars(tf.reduce_mean(ends, axis=[1, 2])) - 1.0
    # 0 where each side is all ground or all frame, 1 where each is half ink.
    mixed = 4.0 * _scalars(tf.reduce_mean(sides * (1.0 - sides), axis=[1, 2]))
    # Cubed: corners of one mind say much, three against one little, as a 7 that fills its picture leaves them.
    say = 2.0 * (share - 0.5) + BORDER * (border - 0.5) + CORNERS * mixed * corners * corners * corners
    light = _step(say)  # [n, 1, 1]
    sign = 1.0 - 2.0 * light  # of ink minus ground

    bright_area, dark_area = share * area, (1.0 - share) * area
    total, bright_total = _sum(grey), _sum(tf.nn.relu(grey))
    mean_bright = bright_total / tf.maximum(bright_area, 1.0)
    mean_dark = (total - bright_total) / tf.maximum(dark_area, 1.0)
    contrast = mean_bright - mean_dark
    ground = mean_dark + light * contrast

    # The ground's pixels lie as far beyond its mean as towards the ink, and beyond it there is no ink: its mean
    # absolute deviation is twice what lies there. What lies below the mean is what lies above it, less the difference.
    beyond = _sum(tf.nn.relu(grey - ground)) - (1.0 - light) * (total - area * ground)
    noise = 2.0 * beyond / tf.maximum(dark_area + light * (bright_area - dark_area), FEWEST)
    start = tf.minimum(tf.maximum(3.0 * noise, 0.08 * contrast), 0.4 * contrast)
    gain = FULL * tf.cast(high - low >= FAINTEST, tf.float32) / tf.maximum(0.8 * contrast - start, 1e-3)
    coverage = (light[:, tf.newaxis] + sign[:, tf.newaxis] * profile) * axes.own
    outside = _NEVER * (1.0 - _inside_frame(coverage, axes))
    outside_rows = tf.reshape(outside[:, 0, 0, : size[1]], [-1, size[1], 1])
    # Few passes over the pixels: FULL * (sign * (grey - ground) - start) / (end - start), less what nothing reaches.
    zero = (sign * ground + start) * gain + outside_rows + outside[:, 1, :, size[1] :]
    image = tf.nn.relu6(grey * (sign * gain) - zero)
    return Ink(image, _sum(image), light, axes)


def _sum(picture: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(picture, axis=[1, 2], keepdims=True)


def _scalars(values: tf.Tensor) -> tf.Tensor:
    """One value per picture, as [n, 1, 1]."""
    return tf.reshape(values, [-1, 1, 1])


def _inside_frame(coverage: tf.Tensor, axes: Axes) -> tf.Tensor:
    """Mask of rows and columns, 0 on and outside of frame lines; it and the share that is ink are [n, 2, 1, h + w].

    Four lines, one along each side, are a frame. Fewer may be the digit's own, the bar of a 7 or the base of a 2
    that is cropped close; they are no ink where blank paper parts them from a rest that is more than a crumb.
    """
    lines = _step(coverage - FRAME_COVERAGE) * _step(FRAME_ZONE * axes.lengths + 0.5 - axes.depth)  # [n, 2, 2, h + w]
    depths = tf.reduce_max(lines * axes.depth, axis=3, keepdims=True)  # [n, 2, 2, 1], 0: no line
    around = _step(tf.reduce_min(depths, axis=[1, 2], keepdims=True))
    # Less what the lines of the one direction add to every value of the other's profile.
    added = tf.reduce_sum(lines / axes.lengths, axis=[2, 3], keepdims=True)
    rest = tf.nn.relu(coverage - added[:, ::-1])
    amounts = tf.reduce_sum(rest * _inside(axes, depths) - CRUMB * coverage, axis=3, keepdims=True)
    digit = _step(amounts[:, :1])
    # Blank is a strip inside the line and its soft edge.
    beyond = axes.depth - depths - 1.0
    strip = _step(beyond) * _step(FRAME_GAP * axes.lengths + 1.5 - beyond)
    parted = 1.0 - _step(tf.reduce_sum(strip * tf.nn.relu(rest - 1e-4), axis=3, keepdims=True))
    return _inside(axes, depths * tf.maximum(around, digit * parted))


def _inside(axes: Axes, depths: tf.Tensor) -> tf.Tensor:
    """1 where a position lies inside both depths [n, 2, 2, 1] and a pixel of their soft edge, else 0."""
    return tf.reduce_min(_step(axes.depth - depths - _step(depths)), axis=2, keepdims=True)


def _step(values: tf.Tensor) -> tf.Tensor:
    """1 where a value is above 0, else 0."""
    return tf.cast(values > 0.0, tf.float32)


def find_window(ink: Ink) -> tuple[Window, Window]:
    """Windows (vertical, horizontal) that give MNIST's placing: a box of 20 pixels, mass in the middle."""
    # The mean of the ink, weighed with itself: neither a small dark speck on faint ink nor much faint ink changes it.
    usual = _sum(ink.image * ink.image) / tf.maximum(ink.total, 1e-6)
    clear = tf.nn.relu(ink.image - CLEAR * usual)
    rows, columns = (tf.reduce_sum(clear, axis=axis, keepdims=True) for axis in (2, 1))
    profile = ink.axes.profile(rows, columns)
    total = tf.reduce_sum(profile, axis=3, keepdims=True)  # [n, 2, 1, 1]
    cumulative = tf.cumsum(profile, axis=3)
    inside = _step(cumulative - TRIMMED * total) * _step((1.0 - TRIMMED) * total - cumulative)
    extent = 1.0 + tf.reduce_sum(inside, axis=3, keepdims=True)
    scale = BOX / tf.reduce_max(extent, axis=1)
    middle = tf.reduce_sum(profile * (ink.axes.depth[:, :, :1] - 0.5), axis=3, keepdims=True) / tf.maximum(total, 1e-6)
    return Window(middle[:, 0], scale), Window(middle[:, 1], scale)


def resample(ink: Ink, vertical: Window, horizontal: Window) -> tf.Tensor:
    """The window's 28x28 image, float32 [n, 28, 28, 1], by exact area averaging."""
    size = tf.shape(ink.image)
    rows, height = _overlaps(vertical, size[1])
    columns, width = _overlaps(horizontal, size[2])
    # In this order: the other one takes LiteRT 3 % less, and WebAssembly a tenth more.
    sums = tf.matmul(tf.matmul(rows, ink.image), columns, transpose_b=True)
    return (sums / (FULL * FULL * height * width))[..., tf.newaxis]


def _overlaps(window: Window, length: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """FULL times the length of each source pixel that lies in each target pixel's interval, [n, 28, length]; and the
    intervals' own length [n, 1, 1]."""
    # Never narrower than a source pixel: enlarging then interpolates linearly instead of repeating pixels.
    interval = tf.maximum(1.0 / window.scale, 1.0)
    target = tf.reshape(tf.range(SIZE, dtype=tf.float32) + 0.5 - SIZE / 2, [1, SIZE, 1])
    start = window.middle + target / window.scale - 0.5 * interval
    source = tf.reshape(FULL * tf.range(tf.cast(length, tf.float32)), [1, 1, -1])
    # What of a source pixel lies before a place is the distance from its own beginning, clipped.
    before_start, before_end = (tf.nn.relu6(FULL * place - source) for place in (start, start + interval))
    return before_end - before_start, interval


def amount(ink: Ink) -> tf.Tensor:
    """Mean ink, float32 [n], 0..1; 0 where nothing is drawn."""
    area = tf.cast(tf.reduce_prod(tf.shape(ink.image)[1:]), tf.float32)
    return tf.reshape(ink.total, [-1]) / (FULL * area)


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
        raw = tf.abs(255.0 * ink.light_ground - picture) / 255.0
        size = tf.cast(tf.shape(picture), tf.float32)
        return resample(ink._replace(image=raw), _whole(size[1]), _whole(size[2])), amount(ink)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], SIZE, SIZE, 1), (input_shape[0],)


def _whole(length: tf.Tensor) -> Window:
    """The window that takes all `length` pixels of an axis."""
    return Window(tf.reshape(length / 2.0, [1, 1, 1]), tf.reshape(SIZE / length, [1, 1, 1]))
