"""How a digit is drawn, in five numbers that explain most misreadings: stroke, slant, size, offset and coverage."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FAINT = 0.2
"""Ink below this share of the strongest does not count for the size."""
PAPER = 0.25
"""Share of a picture that is paper at least, beside what is drawn on it."""


class Shape(NamedTuple):
    """Measures of n digits, each [n]."""

    stroke: NDArray[np.float64]
    """Mean width of the stroke, in pixels of the 28x28 image."""
    slant: NDArray[np.float64]
    """Degrees from upright, positive to the right."""
    size: NDArray[np.float64]
    """Longer side of the ink's box as a share of the picture's side, 0..1."""
    offset: NDArray[np.float64]
    """Distance of the ink's centre of mass from the picture's middle, as a share of the picture's side."""
    coverage: NDArray[np.float64]
    """Share of the picture that was taken for ink, 0..1; large where the polarity was, ground and ink exchanged."""


def measure(normalized: NDArray[np.float32], whole: NDArray[np.float32]) -> Shape:
    """Measure n digits.

    Args:
        normalized: [n, 28, 28], ink 0..1, cut out and placed as MNIST's digits are.
        whole: [n, 28, 28], 0..1, the whole picture as it was drawn: how far from white, or from black paper.
    """
    stroke, slant, ink = _stroke(normalized), _slant(normalized), _off_paper(whole)
    return Shape(stroke, slant, _size(ink), _offset(ink), ink.mean(axis=(1, 2), dtype=np.float64))


def _off_paper(whole: NDArray[np.float32]) -> NDArray[np.float32]:
    """Ink 0..1 whatever the paper's grey."""
    paper = np.quantile(whole, PAPER, axis=(1, 2), keepdims=True).astype(np.float32)
    ink: NDArray[np.float32] = np.maximum(whole - paper, 0)
    ink /= np.maximum(ink.max(axis=(1, 2), keepdims=True), 1e-9)
    return ink


def _stroke(ink: NDArray[np.float32]) -> NDArray[np.float64]:
    """A long stroke of width w and length l has an area of w * l and a total variation of 2 * l."""
    down, right = np.diff(ink, axis=1, append=0), np.diff(ink, axis=2, append=0)
    variation = np.hypot(down, right).sum(axis=(1, 2), dtype=np.float64)
    width: NDArray[np.float64] = 2 * ink.sum(axis=(1, 2), dtype=np.float64) / np.maximum(variation, 1e-9)
    return width


def _slant(ink: NDArray[np.float32]) -> NDArray[np.float64]:
    """By second moments, as MNIST's digits are commonly deskewed: the shear that makes x independent of y."""
    y, x = _centred(ink)
    mass = np.maximum(ink.sum(axis=(1, 2), dtype=np.float64), 1e-9)
    covariance = (ink * x * y).sum(axis=(1, 2)) / mass
    variance = (ink * y * y).sum(axis=(1, 2)) / mass
    slant: NDArray[np.float64] = np.degrees(np.arctan2(-covariance, np.maximum(variance, 1e-9)))
    return slant


def _size(ink: NDArray[np.float32]) -> NDArray[np.float64]:
    drawn = ink > FAINT * np.maximum(ink.max(axis=(1, 2), keepdims=True), 1e-9)
    height, width = (_extent(drawn.any(axis=axis)) for axis in (2, 1))
    return np.maximum(height, width) / np.float64(ink.shape[1])


def _extent(profile: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Distance from the first to the last True of each row, both counted."""
    length = profile.shape[1] - profile.argmax(axis=1) - profile[:, ::-1].argmax(axis=1)
    return np.where(profile.any(axis=1), length, 0)


def _offset(ink: NDArray[np.float32]) -> NDArray[np.float64]:
    middle = (ink.shape[1] - 1) / 2
    y, x = (centre[:, 0, 0] - middle for centre in _centre(ink))
    share: NDArray[np.float64] = np.hypot(y, x) / ink.shape[1]
    return share


def _centre(ink: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centre of mass (y, x), each [n, 1, 1], in pixels."""
    y, x = np.mgrid[: ink.shape[1], : ink.shape[2]].astype(np.float64)
    mass = np.maximum(ink.sum(axis=(1, 2), keepdims=True, dtype=np.float64), 1e-9)
    return (ink * y).sum(axis=(1, 2), keepdims=True) / mass, (ink * x).sum(axis=(1, 2), keepdims=True) / mass


def _centred(ink: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates (y, x) from the centre of mass, each [n, 28, 28]."""
    y, x = np.mgrid[: ink.shape[1], : ink.shape[2]].astype(np.float64)
    centre_y, centre_x = _centre(ink)
    return y - centre_y, x - centre_x


def box_centred(normalized: NDArray[np.float32]) -> NDArray[np.float32]:
    """One image [28, 28] with the middle of its ink's box, instead of its centre of mass, in the middle."""
    drawn = normalized > FAINT * normalized.max()
    shifts = []
    for axis in (1, 0):
        at = np.flatnonzero(drawn.any(axis=axis))
        shifts.append(round((normalized.shape[0] - 1 - at[0] - at[-1]) / 2) if len(at) else 0)
    return np.roll(normalized, shifts, axis=(0, 1))
