"""Perturbed MNIST: one thing changed at a time, each by a name, seeded, so that every run measures the same.

Each function takes pictures uint8 [n, 28, 28] (light on dark) and a random generator, and returns uint8
[n, h, w], greys 0..255.
"""

import io
from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Pictures = NDArray[np.uint8]
Perturbation = Callable[[Pictures, Generator], Pictures]
SEED = 2026


def _each(pictures: Pictures, change: Callable[[Pictures], NDArray]) -> Pictures:
    return np.stack([np.asarray(change(picture)).round().clip(0, 255).astype(np.uint8) for picture in pictures])


def _mapped(picture: Pictures, matrix: NDArray, side: int = 28) -> NDArray:
    """The picture under x -> matrix x about its middle, on a canvas of `side` pixels."""
    back = np.linalg.inv(matrix)
    offset = 13.5 - back @ np.full(2, (side - 1) / 2)
    return ndimage.affine_transform(picture.astype(float), back, offset, (side, side), order=1)


def _resized(picture: Pictures, side: int) -> Pictures:
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC))


def shifted(pictures: Pictures, rng: Generator) -> Pictures:
    """Anywhere on a canvas of 36 pixels; the digit may be cut off a little by the border."""
    corners = rng.integers(-4, 13, (len(pictures), 2))
    canvas = np.zeros((len(pictures), 44, 44), np.uint8)
    for target, picture, (y, x) in zip(canvas, pictures, corners, strict=True):
        target[y + 4 : y + 32, x + 4 : x + 32] = picture
    return canvas[:, 4:40, 4:40]


def half_size(pictures: Pictures, rng: Generator) -> Pictures:
    """Half the size on the same canvas."""
    return _each(pictures, lambda p: np.pad(_resized(p, 14), 7))


def double_size(pictures: Pictures, rng: Generator) -> Pictures:
    """Twice the size, the canvas too small for more than the digit, and now and then for all of it."""
    return _each(pictures, lambda p: _mapped(p, 2 * np.eye(2), 48))


def rotated(pictures: Pictures, rng: Generator) -> Pictures:
    """By up to 20 degrees either way."""

    def rotate(picture):
        a = np.radians(rng.uniform(-20, 20))
        return _mapped(picture, np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]), 36)

    return _each(pictures, rotate)


def sheared(pictures: Pictures, rng: Generator) -> Pictures:
    """Slanted by up to 0.35 pixels a row either way."""
    return _each(pictures, lambda p: _mapped(p, np.array([[1, 0], [rng.uniform(-0.35, 0.35), 1]]), 36))


def thinner(pictures: Pictures, rng: Generator) -> Pictures:
    """Half a pixel off each side of the stroke (grey erosion at double resolution)."""
    return _each(pictures, lambda p: ndimage.grey_erosion(_resized(p, 56), (3, 3)))


def thicker(pictures: Pictures, rng: Generator) -> Pictures:
    """A pixel more on each side of the stroke (grey dilation)."""
    return _each(pictures, lambda p: ndimage.grey_dilation(p, (3, 3)))


def inverted(pictures: Pictures, rng: Generator) -> Pictures:
    """Dark on light."""
    return np.uint8(255) - pictures


def low_contrast(pictures: Pictures, rng: Generator) -> Pictures:
    """A tenth to a third of the contrast, anywhere between black and white."""
    contrast = rng.uniform(0.1, 0.33, (len(pictures), 1, 1))
    ground = rng.uniform(0, 255 * (1 - contrast))
    return (ground + contrast * pictures).round().astype(np.uint8)


def blurred(pictures: Pictures, rng: Generator) -> Pictures:
    """Gaussian blur of 1 pixel."""
    return _each(pictures, lambda p: ndimage.gaussian_filter(p.astype(float), 1.0))


def noisy(pictures: Pictures, rng: Generator) -> Pictures:
    """Gaussian noise of 25 greys."""
    return (pictures + rng.normal(0, 25, pictures.shape)).round().clip(0, 255).astype(np.uint8)


def jpeg(pictures: Pictures, rng: Generator) -> Pictures:
    """JPEG of quality 20, at 56 pixels."""

    def compress(picture):
        file = io.BytesIO()
        Image.fromarray(_resized(picture, 56)).save(file, "JPEG", quality=20)
        return Image.open(file, formats=["JPEG"])

    return _each(pictures, compress)


def _on_a_sheet(picture: Pictures, rng: Generator) -> NDArray:
    """Ink 0..204 [112, 112]: the digit's picture at 40 to 80 pixels, anywhere on it."""
    side = rng.integers(40, 81)
    y, x = rng.integers(0, 113 - side, 2)
    sheet = np.zeros((112, 112))
    sheet[y : y + side, x : x + side] = 0.8 * _resized(picture, side)
    return sheet


def squared_paper(pictures: Pictures, rng: Generator) -> Pictures:
    """Dark ink anywhere on a light sheet with fainter lines, a pixel wide, across and down every 12 to 30 pixels."""

    def write(picture):
        paper = np.full((112, 112), 245.0)
        pitch, line = rng.integers(12, 31), rng.uniform(170, 230)
        across, down = rng.integers(0, pitch, 2)
        paper[across::pitch] = paper[:, down::pitch] = line
        return np.minimum(paper, 245 - _on_a_sheet(picture, rng))

    return _each(pictures, write)


def shining_through(pictures: Pictures, rng: Generator) -> Pictures:
    """Dark ink anywhere on a light sheet, and behind it another digit, mirrored, soft and faint."""
    backs = iter(pictures[rng.permutation(len(pictures)), :, ::-1])

    def write(picture):
        back = ndimage.gaussian_filter(_on_a_sheet(next(backs), rng), 1.5)
        return 245 - np.maximum(_on_a_sheet(picture, rng), rng.uniform(0.1, 0.3) * back)

    return _each(pictures, write)


def _resolution(side: int) -> Perturbation:
    def resized(pictures: Pictures, rng: Generator) -> Pictures:
        return _each(pictures, lambda p: _resized(p, side))

    resized.__doc__ = f"Scaled to {side} pixels."
    return resized


PERTURBATIONS: dict[str, Perturbation] = {
    "shifted": shifted,
    "half size": half_size,
    "double size": double_size,
    "rotated": rotated,
    "sheared": sheared,
    "thinner": thinner,
    "thicker": thicker,
    "inverted": inverted,
    "low contrast": low_contrast,
    "blurred": blurred,
    "noisy": noisy,
    "JPEG": jpeg,
    "20 px": _resolution(20),
    "100 px": _resolution(100),
    "600 px": _resolution(600),
    "squared paper": squared_paper,
    "shining through": shining_through,
}


def perturb(name: str, pictures: Pictures, start: int = 0) -> Pictures:
    """Apply a perturbation by name; `start`, the index of the first picture in its set, is part of the seed."""
    return PERTURBATIONS[name](pictures, np.random.default_rng([SEED, list(PERTURBATIONS).index(name), start]))
