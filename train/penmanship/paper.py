"""Paper: how a drawing comes to us. Grey ground, faint ink, noise, specks, frames and lines, a copy of a large one."""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

RESAMPLINGS = [
    Image.Resampling.BOX,
    Image.Resampling.BILINEAR,
    Image.Resampling.LANCZOS,
    Image.Resampling.NEAREST,
]
LINED_SIDE = 28
"""Pixels; on smaller pictures a line would be as wide as the pen."""


def shrink(ink: NDArray[np.float32], side: int, rng: Generator) -> NDArray[np.float32]:
    """The drawing as an image program scales it down, by one of the usual filters."""
    how = RESAMPLINGS[rng.integers(len(RESAMPLINGS))]
    return np.asarray(Image.fromarray(ink).resize((side, side), how)).clip(0.0, 1.0)


def lay(ink: NDArray[np.float32], rng: Generator, dirt: float = 0.35) -> NDArray[np.uint8]:
    """Lay ink on paper.

    Args:
        ink: [side, side], 0..1.
        dirt: how probable each kind of trouble is that the ink finding has to cope with; the more frequent kinds are
            about as probable as that.

    Returns:
        greys 0..255 [side, side], dark on light or light on dark.
    """
    side = ink.shape[0]
    if rng.random() < dirt:
        ink = gaussian_filter(ink, side * rng.uniform(0.0, 0.025))
    if rng.random() < 0.12 * dirt:
        ink = _crowded(ink, rng)
    if rng.random() < 0.4 * dirt and side >= LINED_SIDE:
        ink = _lined(ink, rng)
    if rng.random() < 0.2 * dirt:
        ink = _shining_through(ink, rng)
    # After those that repeat what is drawn: a frame stands once around a picture.
    if rng.random() < 0.15 * dirt:
        ink = _framed(ink, rng)
    if rng.random() < 0.5 * dirt:
        ink = _specked(ink, rng)
    contrast = rng.uniform(25, 255) if rng.random() < dirt else 255.0
    paper = rng.uniform(0, 255 - contrast)
    grey = paper + contrast * ink
    if rng.random() < 0.5 * dirt:
        grey = grey + rng.normal(0.0, contrast * rng.uniform(0.0, 0.2), ink.shape)
    if rng.random() < 0.4 * dirt:
        slope = rng.uniform(-0.15, 0.15, 2) * contrast
        grey = grey + np.add.outer(np.linspace(-1, 1, side) * slope[0], np.linspace(-1, 1, side) * slope[1])
    if rng.random() < 0.7:
        grey = 255.0 - grey
    return grey.clip(0, 255).astype(np.uint8)


def blank(side: int, rng: Generator) -> NDArray[np.uint8]:
    """A sheet with nothing on it, as uneven as light and paper make it: greys 0..255 [side, side]."""
    y, x = np.mgrid[:side, :side] / max(side - 1, 1) - 0.5
    bright_y, bright_x, *slope = rng.uniform(-0.5, 0.5, 4)
    dark = rng.uniform(0, 60) * ((y - bright_y) ** 2 + (x - bright_x) ** 2) * 2
    dark += rng.uniform(0, 40) * (slope[0] * y + slope[1] * x)
    if rng.random() < 0.3:  # somebody's shadow
        angle = rng.uniform(0, 2 * np.pi)
        beyond = np.cos(angle) * y + np.sin(angle) * x - rng.uniform(-0.4, 0.4)
        dark += rng.uniform(5, 60) / (1 + np.exp(-beyond / rng.uniform(0.01, 0.1)))
    grain = gaussian_filter(rng.normal(size=(side, side)), rng.uniform(0.0, 0.02) * side)
    dark += rng.uniform(0, 6) * grain / max(float(grain.std()), 1e-6)
    marks = np.zeros((side, side), np.float32)
    if rng.random() < 0.2:
        marks = _specked(marks, rng)
    if rng.random() < 0.2 and side >= LINED_SIDE:
        marks = _lined(marks, rng, darkest=1.0)
    grey = rng.uniform(180, 255) - dark - rng.uniform(20, 120) * marks
    if rng.random() < 0.3:
        grey = 255.0 - grey
    return grey.clip(0, 255).astype(np.uint8)


def _framed(ink: NDArray[np.float32], rng: Generator) -> NDArray[np.float32]:
    inset, width = (
        int(rng.integers(0, max(1, len(ink) // 20) + 1)),
        int(rng.integers(1, max(1, len(ink) // 40) + 1)),
    )
    frame = ink.copy()
    a, b = inset, len(ink) - inset
    frame[a : a + width, a:b] = frame[b - width : b, a:b] = 1.0
    frame[a:b, a : a + width] = frame[a:b, b - width : b] = 1.0
    return frame


def _specked(ink: NDArray[np.float32], rng: Generator) -> NDArray[np.float32]:
    specked = ink.copy()
    size = max(1, len(ink) // 60)
    for y, x in rng.integers(0, len(ink) - size, (1 + rng.poisson(rng.exponential(2.0)), 2)):
        specked[y : y + size, x : x + size] = rng.uniform(0.5, 1.0)
    return specked


def _crowded(ink: NDArray[np.float32], rng: Generator) -> NDArray[np.float32]:
    """With something like a neighbour at one side, cut off by the border: the picture's own other end."""
    turns = int(rng.integers(4))
    crowded = np.rot90(ink, turns).copy()
    shift = round(len(ink) * rng.uniform(0.75, 0.95))
    piece = crowded[:, : len(ink) - shift]
    np.maximum(piece, crowded[:, shift:], out=piece)
    return np.rot90(crowded, -turns)


def _lined(ink: NDArray[np.float32], rng: Generator, darkest: float | None = None) -> NDArray[np.float32]:
    """On ruled or squared paper, whose lines are fainter than the darkest ink, of this picture if none is given."""
    lined = ink.copy()
    width = max(1, round(len(ink) * rng.uniform(0.005, 0.025)))
    pitch = max(2 * width + 1, round(len(ink) * rng.uniform(0.12, 0.5)))
    line = rng.uniform(0.05, 0.55) * (ink.max() if darkest is None else darkest)
    first, second = rng.integers(0, pitch, 2)
    squared = rng.random() < 0.6
    for across, start in [(lined, first), (lined.T, second)] if squared else [(lined, first)]:
        ruled = (np.arange(len(ink)) - start) % pitch < width
        across[ruled] = np.maximum(across[ruled], line)
    return lined


def _shining_through(ink: NDArray[np.float32], rng: Generator) -> NDArray[np.float32]:
    """With the same on the other side of the sheet, mirrored and faint."""
    back = gaussian_filter(ink[:, ::-1], len(ink) * rng.uniform(0.005, 0.025))
    return np.maximum(ink, rng.uniform(0.1, 0.4) * back)
