"""Files of any supported kind in, named grey pictures out.

`read` is the one way in. Each family of formats has a module of its own. Bytes of a stranger are read by `read` in a
process of its own only: see `server.pictures.reader`.
"""

from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from server.messages import Message
from server.messages import message as _l
from server.problems import PictureUnreadable, Problem
from server.settings import Settings

PHOTOSHOP = b"8BPS"
"""With this a PSD or PSB begins."""


class Layers(StrEnum):
    """Which parts of a Photoshop file are digits."""

    AUTO = "auto"
    """Guessed: artboards, else layers where several hold pixels, else the flat picture."""
    FLAT = "flat"
    """The picture as Photoshop shows it is one digit."""
    EACH = "each"
    """Each visible layer is a digit."""
    GROUPS = "groups"
    """Each visible artboard or group is a digit."""


class Picture(NamedTuple):
    """One picture as the network takes it."""

    name: str
    """The name of its file, as its owner wrote it."""
    grey: NDArray[np.uint8]
    """[h, w], 0 black to 255 white; no side longer than `server.pictures.grey.LARGEST_SIDE`."""
    layer: str | None = None
    """Where it is a part of the file: the names of its groups and of the layer, joined by "/"."""


class Limits(NamedTuple):
    """How much of a file is read; by default as `server.settings.Settings` has it."""

    max_pixels: int = Settings.max_pixels
    """The largest width x height that is decoded."""
    max_reader_bytes: int = Settings.max_reader_bytes
    """Memory of the process that decodes it."""
    max_layers: int = Settings.max_layers
    """Of a Photoshop file, its groups counted."""
    max_layer_area: int = Settings.max_layer_area
    """How many times `max_pixels` all of its layers may cover together."""
    max_zip_entries: int = Settings.max_zip_entries
    """Files in a ZIP."""
    max_zip_ratio: int = Settings.max_zip_ratio
    """Bytes unpacked from one byte of a ZIP."""
    max_file_bytes: int = Settings.max_file_bytes
    """Of one file, unpacked."""


class File(NamedTuple):
    """One file to read, or why it cannot be."""

    name: str
    data: bytes | Problem
    packing: list[Any] | None = None
    """How it is packed, where it comes out of a ZIP: see `server.pictures.archive.unpacked`."""


class Skipped(NamedTuple):
    """What was not read, and why."""

    name: str
    layer: str | None
    reason: Message


class Contents(NamedTuple):
    """What a file held."""

    pictures: list[Picture]
    skipped: list[Skipped]


def read(data: bytes, name: str, limits: Limits = Limits(), layers: Layers = Layers.FLAT) -> Contents:  # noqa: B008
    """Read the pictures of one file.

    Args:
        data: the file's bytes. Their beginning decides the format, never the name.
        name: the file's name, carried along as a label.
        limits: how much of it is read.
        layers: which parts of a Photoshop file are pictures; of any other file the whole is one.

    Raises:
        UnsupportedPicture: the file is of none of the readable formats.
        PictureTooLarge: it has more pixels than the limit.
        PictureUnreadable: it is empty, cut short or damaged, or has more layers than the limit.
    """
    if not data:
        raise PictureUnreadable(_l("The file is empty. Choose a file that holds a picture."))
    if data.startswith(PHOTOSHOP):
        from server.pictures import photoshop  # takes a second and 90 MB, which only Photoshop files are worth

        return photoshop.read(data, name, limits, layers)
    from server.pictures import raster, svg

    if svg.is_svg(data):
        return Contents([Picture(name, svg.read(data))], [])
    return Contents([Picture(name, raster.read(data, limits.max_pixels))], [])
