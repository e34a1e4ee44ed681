"""Builders of pictures."""

from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def seven(width: int = 60, height: int = 80, ink: int = 0, paper: int = 255) -> NDArray[np.uint8]:
    """A digit 7 [height, width]: a bar at the top, and a stem that slants down to the left."""
    picture = np.full((height, width), paper, np.uint8)
    stroke = max(2, width // 8)
    left, right, top, bottom = width // 5, width - width // 5, height // 6, height - height // 6
    picture[top : top + stroke, left:right] = ink
    for y in range(top, bottom):
        x = round(right - stroke - (y - top) / (bottom - top) * (right - left) * 0.55)
        picture[y, x : x + stroke] = ink
    return picture


def encode(image: Image.Image | NDArray[Any], format: str = "PNG", **options: Any) -> bytes:
    """The bytes of a picture file."""
    if not isinstance(image, Image.Image):
        image = Image.fromarray(image)
    file = BytesIO()
    image.save(file, format, **options)
    return file.getvalue()
