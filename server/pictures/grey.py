"""Any Pillow image as the grey array that the network takes."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageStat

LARGEST_SIDE = 1_024
"""Pixels. The network sees 28 x 28 of them; more would cost time and memory and tell nothing."""

WHITE = 255
TWO_TONED = 16
"""Standard deviation of grey above which an opaque area is paper with ink on it, and not ink alone."""


def to_grey(image: Image.Image) -> NDArray[np.uint8]:
    """Turn an image of any mode into greys 0..255 [h, w], no side longer than `LARGEST_SIDE`."""
    return shrink(np.asarray(_to_luminance(image)))


def shrink(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Average whole blocks of pixels of greys [h, w] until they fit `LARGEST_SIDE`.

    The network's own first step averages areas as well, so this step before it changes nothing visible.
    """
    factor = -(-max(grey.shape) // LARGEST_SIDE)
    return np.asarray(Image.fromarray(grey).reduce(factor)) if factor > 1 else grey


def thumbnail(grey: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Greys [h, w] made smaller, if need be, so that no side is longer than `side` pixels."""
    image = Image.fromarray(grey)
    image.thumbnail((side, side), Image.Resampling.BOX)
    return np.asarray(image)


def _to_luminance(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) / 257).round().astype(np.uint8))
    if image.mode in ("I", "F"):
        return _stretch(np.asarray(image, np.float64))
    if image.mode == "LAB":
        return image.getchannel("L")
    if "A" in image.getbands() and image.getchannel("A").getextrema()[0] == WHITE:  # as canvases write pictures
        return image.convert("L")
    if image.has_transparency_data:
        return _flatten(*image.convert("RGBA").convert("LA").split())
    return image.convert("L")


def _stretch(values: NDArray[np.float64]) -> Image.Image:
    """Spread values without an agreed white, as float TIFFs have them, over 0..255."""
    values = np.nan_to_num(values, posinf=0, neginf=0)
    low, high = values.min(), values.max()
    return Image.fromarray(((values - low) / ((high - low) or 1) * WHITE).round().astype(np.uint8))


def _flatten(luminance: Image.Image, alpha: Image.Image) -> Image.Image:
    """Lay a picture with transparency on a ground that its ink stands out from."""
    opacity = np.asarray(alpha)
    most_opaque = opacity.max()
    if most_opaque == 0:
        return Image.new("L", alpha.size, WHITE)
    opaque = alpha.point([WHITE * (a * 2 >= most_opaque) for a in range(256)])
    area = ImageStat.Stat(luminance, opaque)
    if area.stddev[0] > TWO_TONED and area.count[0] * 2 > alpha.width * alpha.height:
        ground = area.median[0]  # the paper itself, with transparent corners or margins
    else:
        ground = WHITE if area.mean[0] < WHITE / 2 else 0
    return Image.composite(luminance, Image.new("L", alpha.size, ground), alpha)
