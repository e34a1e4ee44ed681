"""Files of any supported kind in, named grey pictures out.

`read` is the one way in. Each family of formats has a module with a `read(data, max_pixels)` of its own.
"""

from typing import NamedTuple

import numpy as np
from flask_babel import lazy_gettext as _l
from numpy.typing import NDArray

from server.pictures import raster
from server.problems import PictureUnreadable


class Picture(NamedTuple):
    """One picture as the network takes it."""

    name: str
    grey: NDArray[np.uint8]
    """[h, w], 0 black to 255 white; no side longer than `server.pictures.grey.LARGEST_SIDE`."""


def read(data: bytes, name: str, max_pixels: int) -> list[Picture]:
    """Read the pictures of one file.

    Args:
        data: the file's bytes. Their beginning decides the format, never the name.
        name: the file's name, carried along as a label.
        max_pixels: the largest width x height that is decoded.

    Raises:
        UnsupportedPicture: the file is of none of the readable formats.
        PictureTooLarge: it has more pixels than `max_pixels`.
        PictureUnreadable: it is empty, cut short or damaged.
    """
    if not data:
        raise PictureUnreadable(_l("The file is empty. Choose a file that holds a picture."))
    return [Picture(name, raster.read(data, max_pixels))]
