"""PSD and PSB, read by psd-tools: the flat picture, each layer, or each group.

The format: https://www.adobe.com/devnet-apps/photoshop/fileformatashtml/
"""

import logging
import struct
import warnings
from collections.abc import Iterator
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from psd_tools import ParseLimits, PSDDecompressionWarning, PSDImage
from psd_tools.api.layers import Artboard, Group, Layer, PixelLayer, ShapeLayer, SmartObjectLayer, TypeLayer
from psd_tools.composite import composite
from psd_tools.constants import ColorMode, Compression

from server.messages import message as _l
from server.pictures import Contents, Layers, Limits, Picture, Skipped
from server.pictures.grey import to_grey
from server.problems import PictureTooLarge, PictureUnreadable

HEADER = struct.Struct(">4sH6xHIIHH")
"""Signature, version (1 PSD, 2 PSB), channels, height, width, bits per channel, colour mode."""
MAX_NAME = 200
"""Characters of a layer's name that are kept."""
DRAWN = (PixelLayer, ShapeLayer, SmartObjectLayer)
"""Layers that hold a drawing. Of a smart object the pixels that the file holds are taken; what it links to is never
opened. Text is a caption, fills and adjustments are the ground: all of them belong to the flat picture only."""


def read(data: bytes, name: str, limits: Limits, layers: Layers) -> Contents:
    """Read the digits of a Photoshop file.

    Raises:
        PictureTooLarge, PictureUnreadable: as `server.pictures.read`.
    """
    _check_header(data, limits.max_pixels)
    # Photoshop files of every age make psd-tools warn; only one warning means that pixels are wrong.
    logging.getLogger("psd_tools").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", PSDDecompressionWarning)
        try:
            parse_limits = ParseLimits(max_total_bytes=len(data) + 2**24, max_objects=200_000)
            psd = PSDImage.open(BytesIO(data), max_alloc_bytes=limits.max_reader_bytes, parse_limits=parse_limits)
            _check_layers(psd, limits)
            return _contents(psd, name, layers)
        except (PictureTooLarge, PictureUnreadable, MemoryError):
            raise
        # Its errors are a mix of ValueError, OSError, AssertionError, struct.error, KeyError and more.
        except Exception as error:
            if "configured budget" in str(error):  # more than `max_alloc_bytes`
                raise MemoryError from None
            raise PictureUnreadable(
                _l("The Photoshop file is damaged or cut short. Save it again and send the new file.")
            ) from None


def _check_header(data: bytes, max_pixels: int) -> None:
    """Refuse by the first 26 bytes what would cost memory to find out."""
    if len(data) >= HEADER.size:
        _, version, channels, height, width, depth, _ = HEADER.unpack_from(data)
        if version in (1, 2) and depth in (1, 8, 16, 32) and 1 <= channels <= 56 and width and height:
            if width * height > max_pixels:
                raise PictureTooLarge(max_pixels)
            return
    raise PictureUnreadable(_l("The head of the Photoshop file is damaged. Save it again and send the new file."))


def _check_layers(psd: PSDImage, limits: Limits) -> None:
    area = 0
    for count, layer in enumerate(psd.descendants(), 1):
        if not isinstance(layer, Group):
            area += layer.width * layer.height
        if count > limits.max_layers or area > limits.max_layer_area * limits.max_pixels:
            raise PictureUnreadable(
                _l(
                    "The Photoshop file has more than %(number)d layers, or far larger ones than its canvas. "
                    "Merge layers, or send it in parts.",
                    number=limits.max_layers,
                )
            )


def _contents(psd: PSDImage, name: str, layers: Layers) -> Contents:
    hidden = [
        Skipped(name, path_of(layer), _l("The layer is hidden."))
        for layer in psd.descendants()
        if not layer.visible and isinstance(layer, (Group, *DRAWN))
    ]
    parts = _parts(psd, layers)
    if not parts:
        return Contents([Picture(name, _flat(psd))], hidden)
    pictures, skipped = [], []
    for layer in parts:
        if (grey := _part(psd, layer)) is None:
            skipped.append(Skipped(name, path_of(layer), _l("The layer holds nothing on the canvas.")))
        else:
            pictures.append(Picture(name, grey, path_of(layer)))
    captions = [
        Skipped(name, path_of(layer), _l("The layer is text."))
        for layer in psd.descendants()
        if isinstance(layer, TypeLayer) and layer.is_visible() and not _inside(layer, parts)
    ]
    outside = [
        Skipped(name, path_of(layer), _l("The layer is outside the artboards and groups."))
        for layer in _drawn(psd)
        if not _inside(layer, parts)
    ]
    return Contents(pictures, skipped + captions + outside + hidden)


def _parts(psd: PSDImage, layers: Layers) -> list[Layer]:
    """The layers or groups that are digits; none where the flat picture is the digit."""
    groups: list[Layer] = [layer for layer in psd if isinstance(layer, Group) and layer.is_visible()]
    artboards: list[Layer] = [layer for layer in groups if isinstance(layer, Artboard)]
    match layers:
        case Layers.FLAT:
            return []
        case Layers.GROUPS:
            return artboards or groups
        case Layers.EACH:
            return list(_drawn(psd))
        case Layers.AUTO:
            drawn = list(_drawn(psd))
            return artboards or (drawn if len(drawn) > 1 else [])


def _drawn(psd: PSDImage) -> Iterator[Layer]:
    """Visible layers with a drawing of their own: not what is clipped to another, and not the paper."""
    for layer in psd.descendants():
        if isinstance(layer, DRAWN) and layer.is_visible() and not layer.clipping and not _is_paper(psd, layer):
            yield layer


def _is_paper(psd: PSDImage, layer: Layer) -> bool:
    """Whether a layer is the ground that the others are drawn on: the lowest one, opaque all over the canvas."""
    if layer is not psd[0]:
        return False
    left, top, right, bottom = layer.bbox
    if left > 0 or top > 0 or right < psd.width or bottom < psd.height:
        return False
    if isinstance(layer, PixelLayer) and not (layer.has_mask() or layer.has_vector_mask()):
        # Its own transparency is all there is; to composite a scanned page would take most of a process's memory.
        shape = layer.numpy("shape")
        least = 1.0 if shape is None else shape[-top : psd.height - top, -left : psd.width - left].min()
        least *= layer.opacity / 255 * layer.fill_opacity / 255
    else:
        least = composite(layer, viewport=psd.viewbox)[2].min()
    return bool(least > 0.99)


def _inside(layer: Layer, parts: list[Layer]) -> bool:
    return any(group is part for group in _ancestry(layer) for part in parts)


def _ancestry(layer: Layer) -> list[Layer]:
    """The layer after the groups that hold it, the outermost first."""
    path: list[Layer] = []
    node: object = layer
    while isinstance(node, Layer):  # the document itself ends the walk
        path.insert(0, node)
        node = node.parent
    return path


def path_of(layer: Layer) -> str:
    """The names of a layer's groups and its own, joined by "/"."""
    return "/".join(str(part.name).rstrip("\0") for part in _ancestry(layer))[-MAX_NAME:]


def _flat(psd: PSDImage) -> NDArray[np.uint8]:
    """What Photoshop shows: the merged picture that most files hold, else one made from the layers."""
    if psd.has_preview():
        _check_whole(psd)
        if psd.color_mode == ColorMode.MULTICHANNEL:  # plates of ink without a colour model, laid over each other
            plates = psd.numpy("color")
            return to_grey(Image.fromarray(np.round(255 * plates.prod(axis=2)).astype(np.uint8)))
        image = psd.topil(apply_icc=False)
        if image is not None:
            return to_grey(image)
    if not len(psd):
        raise PictureUnreadable(_l("The Photoshop file holds neither layers nor a picture."))
    color, _, alpha = composite(psd)
    return to_grey(_luminance(psd, color, alpha))


def _check_whole(psd: PSDImage) -> None:
    """Refuse a merged picture that is cut short: psd-tools fills what is missing with black.

    Raises:
        ValueError: it is.
    """
    stored = psd._record.image_data
    rows = psd.height * psd.channels
    needed = (psd.width * psd.depth + 7) // 8 * rows
    if stored.compression == Compression.RLE:  # the packed length of each row, then the rows
        lengths = np.frombuffer(stored.data, ">u2" if psd.version == 1 else ">u4", rows)
        needed = lengths.nbytes + int(lengths.sum(dtype=np.int64))
    if stored.compression in (Compression.RAW, Compression.RLE) and len(stored.data) < needed:
        raise ValueError("the merged picture is cut short")


def _part(psd: PSDImage, layer: Layer) -> NDArray[np.uint8] | None:
    """One layer or group with its masks, opacity and what is clipped to it, where it lies on the canvas."""
    frame = layer.bbox if isinstance(layer, Artboard) else psd.viewbox
    left, top = max(layer.left, frame[0]), max(layer.top, frame[1])
    right, bottom = min(layer.right, frame[2]), min(layer.bottom, frame[3])
    if right <= left or bottom <= top:
        return None
    color, _, alpha = composite(layer, viewport=(left, top, right, bottom))
    if not alpha.any():
        return None
    canvas = Image.new("LA", (frame[2] - frame[0], frame[3] - frame[1]), (255, 0))
    canvas.paste(_luminance(psd, color, alpha), (left - frame[0], top - frame[1]))
    return to_grey(canvas)


def _luminance(psd: PSDImage, color: NDArray[np.float32], alpha: NDArray[np.float32]) -> Image.Image:
    """Composited colours [h, w, channels] and their alpha [h, w, 1], both 0..1, as a picture of mode LA."""
    bands = np.clip(color * 255, 0, 255).round().astype(np.uint8)
    if psd.color_mode == ColorMode.RGB or (psd.color_mode == ColorMode.INDEXED and bands.shape[2] == 3):
        luminance = Image.fromarray(bands[:, :, :3]).convert("L")
    elif psd.color_mode == ColorMode.CMYK:  # composited as light, not as ink: 1 is none of it
        luminance = Image.fromarray(255 - bands[:, :, :4], "CMYK").convert("L")
    else:  # greys, bits, Lab's lightness, a duotone's tone, the first spot colour
        luminance = Image.fromarray(np.ascontiguousarray(bands[:, :, 0]))
    coverage = Image.fromarray(np.clip(alpha[:, :, 0] * 255, 0, 255).round().astype(np.uint8))
    return Image.merge("LA", (luminance, coverage))
