"""A small set of written digits, filed as people file theirs: what the page Compare offers to newcomers.

    python -m train sample static/sample.zip

It holds many ways to say which digit a picture is; one digit without a label, one with a wrong label, hidden layers.
"""

import zipfile
from collections.abc import Iterator
from io import BytesIO

import numpy as np
from numpy.random import Generator
from PIL import Image
from psd_tools import PSDImage
from psd_tools.api.layers import Layer

from .penmanship import choose_tool, draw, write

SIDE = 140
"""Of a picture, in pixels."""
WHITE = (255, 255, 255)
LONG_AGO = (2026, 1, 1, 0, 0, 0)
"""The date of every file, so that the same seed gives the same bytes."""
WORDS = {
    "layers.psd": ("zero", "one", "two", "three", "four"),
    "слои.psd": (*5 * (None,), "пять", "шесть", "семь", "восемь", "девять"),
}


def sample(seed: int) -> bytes:
    """The set as a ZIP."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in _files(np.random.default_rng(seed)):
            archive.writestr(zipfile.ZipInfo(name, LONG_AGO), data, zipfile.ZIP_DEFLATED, 9)
    return file.getvalue()


def _files(rng: Generator) -> Iterator[tuple[str, bytes]]:
    for digit in range(10):
        for writer, care in (("ann", 0.9), ("ivan", 0.1)):
            yield f"folders/{digit}/{writer}.png", _png(_ink(digit, care, rng))
    yield "folders/8/wrong_label.png", _png(_ink(3, 0.9, rng))
    for digit in range(10):
        yield f"names/{digit}_a.png", _png(_ink(digit, 0.4, rng), dark=True)
    yield "names/without_label.png", _png(_ink(2, 0.5, rng))
    for name, words in WORDS.items():
        layers = [(word, _ink(digit, 0.5, rng)) for digit, word in enumerate(words) if word]
        yield name, _psd(layers, draft=_ink(6, 0.5, rng))
    yield "4_flat.psd", _psd([("ink", _ink(4, 0.5, rng))])


def _ink(digit: int, care: float, rng: Generator) -> Image.Image:
    """A digit as a mask (mode L), 255 where the ink is; `care` as in `penmanship.write`."""
    ink = draw(write(digit, rng, care=care), choose_tool(rng), SIDE, rng, (0.6, 0.9))
    return Image.fromarray(np.round(255 * ink).astype(np.uint8))


def _png(ink: Image.Image, dark: bool = False) -> bytes:
    file = BytesIO()
    (ink if dark else ink.point([255 - value for value in range(256)])).save(file, "PNG", optimize=True)
    return file.getvalue()


def _psd(layers: list[tuple[str, Image.Image]], draft: Image.Image | None = None) -> bytes:
    """White paper with the digits as layers above it, and perhaps one more that is hidden."""
    psd = PSDImage.new("RGB", (SIDE, SIDE))
    psd.create_pixel_layer(Image.new("RGB", (SIDE, SIDE), WHITE)).name = "Background"
    for name, ink in layers:
        _add(psd, name, ink)
    if draft:
        _add(psd, "draft", draft).visible = False
    file = BytesIO()
    psd.save(file, encoding="utf8")  # of the old form of names; the new one is always UTF-16
    return file.getvalue()


def _add(psd: PSDImage, name: str, ink: Image.Image) -> Layer:
    picture = Image.new("RGBA", ink.size)
    picture.putalpha(ink)
    layer = psd.create_pixel_layer(picture)
    layer.name = name  # writes both forms of the name
    return layer
